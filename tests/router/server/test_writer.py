"""The head of a response goes out with its body, and alone where that is late."""

import asyncio
from typing import Any, cast

from router.heads import Writer


class Sent(list[bytes]):
    """A transport that keeps what is sent, each piece as it was."""

    write = list.append

    def writelines(self, pieces: tuple[bytes, ...]) -> None:
        self.append(b"".join(pieces))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.append(b"closed")


def written(sent: Sent) -> Writer:
    writer = Writer(cast(Any, sent), asyncio.get_running_loop())
    writer.write(b"head ")
    return writer


async def test_head_and_body_go_out_as_one() -> None:
    sent = Sent()
    writer = written(sent)
    writer.write(b"body")
    writer.write(b"more")
    await asyncio.sleep(0)
    assert sent == [b"head body", b"more"]


async def test_a_head_does_not_wait_for_a_body_that_is_late() -> None:
    sent = Sent()
    writer = written(sent)
    await asyncio.sleep(0)
    assert sent == [b"head "]
    writer.write(b"body")
    assert sent == [b"head ", b"body"]


async def test_a_head_goes_out_before_its_connection_is_closed() -> None:
    sent = Sent()
    written(sent).close()
    await asyncio.sleep(0)
    assert sent == [b"head ", b"closed"]


async def test_answers_are_written_so(start_router: Any, client: Any, monkeypatch: Any) -> None:
    pieces: list[bytes] = []

    class Noting(Writer):
        def write(self, data: bytes) -> None:
            pieces.append(data)
            super().write(data)

    monkeypatch.setattr("router.heads.Writer", Noting)
    async with start_router() as router, client.post(router.url, json={"query": "{ hello }"}) as response:
        assert await response.json() == {"data": {"hello": "world"}}
    assert pieces[-1] == b'{"data":{"hello":"world"}}'
