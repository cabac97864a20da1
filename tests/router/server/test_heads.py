"""What a client sends before a body, after it, or instead of one: bounded in size and time."""

import asyncio
from typing import Any

import pytest

from router.settings import RouterSettings

HEAD = b"POST /graphql HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
HELLO = b'{"query": "{ hello }"}'
WHOLE = HEAD + b"content-length: %d\r\n\r\n%b" % (len(HELLO), HELLO)
ENDS_SECONDS = 3.0
A_PROXY_KEEPS_SECONDS = 60.0


async def exchanged(router: Any, sent: bytes, *, pieces: int = 1, then: bytes = b"", most: int = 0) -> bytes:
    """All that came back until the router closed the connection; `then` is sent on and on, at most so often."""
    host, port = router.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        size = max(1, -(-len(sent) // pieces))
        for start in range(0, len(sent), size):
            writer.write(sent[start : start + size])
            await asyncio.sleep(0.01)
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(sent_on(writer, then, most))
            async with asyncio.timeout(ENDS_SECONDS):
                answer = await received(reader)
            sending.cancel()
        return answer
    finally:
        writer.close()


async def sent_on(writer: asyncio.StreamWriter, then: bytes, most: int) -> None:
    try:
        for _ in range(most):
            writer.write(then)
            await writer.drain()
            await asyncio.sleep(0.02)
    except ConnectionError:
        pass


async def received(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    try:
        while piece := await reader.read(65_536):
            answer += piece
    except ConnectionError:
        pass
    return answer


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize(
    "head",
    [
        b"GET /graphql?query=" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: h\r\n\r\n",
        HEAD + b"x-long: " + b"a" * 70_000 + b"\r\n\r\n",
        HEAD + b"".join(b"x-%d: %b\r\n" % (n, b"a" * 100) for n in range(700)) + b"\r\n",
    ],
    ids=["address", "one header", "many headers"],
)
async def test_a_head_that_is_too_large_is_refused(start_router: Any, clinic: Any, head: bytes, pieces: int) -> None:
    async with start_router() as router:
        answer = await exchanged(router, head, pieces=pieces)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_header_without_an_end_is_refused_while_it_comes(start_router: Any) -> None:
    async with start_router() as router:
        answer = await exchanged(router, HEAD + b"x-long: ", then=b"a" * 16_384, most=100)
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_what_follows_a_body_is_not_read_without_end(start_router: Any, clinic: Any) -> None:
    clinic.holding.clear()
    chunked = HEAD + b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\nx-trailer: " % (len(HELLO), HELLO)
    async with start_router() as router:
        assert await exchanged(router, chunked, then=b"a" * 16_384, most=100) == b""
        clinic.holding.set()


async def test_a_head_of_the_size_that_is_allowed_is_read(start_router: Any, client: Any) -> None:
    async with (
        start_router() as router,
        client.post(router.url, json={"query": "{ hello }"}, headers={"x-long": "a" * 60_000}) as response,
    ):
        assert await response.json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize("sent", [b"", b"POST /graph", HEAD], ids=["nothing", "a line", "headers"])
async def test_who_does_not_send_a_whole_head_is_cut_off(start_router: Any, sent: bytes) -> None:
    async with start_router(head_seconds=0.2) as router:
        assert await exchanged(router, sent) == b""


async def test_a_head_that_comes_byte_by_byte_is_cut_off(start_router: Any) -> None:
    async with start_router(head_seconds=0.2) as router:
        assert await exchanged(router, HEAD + b"x-slow: ", then=b"a", most=1_000) == b""


async def test_the_second_head_of_a_connection_is_waited_for_no_longer(start_router: Any) -> None:
    async with start_router(head_seconds=0.2) as router:
        answer = await exchanged(router, WHOLE + HEAD, then=b"a: b\r\n", most=1_000)
    assert answer.endswith(b'{"data":{"hello":"world"}}')


async def test_a_body_that_was_answered_already_does_not_go_on_for_ever(start_router: Any) -> None:
    long = b"POST /healthz HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n"
    async with start_router(head_seconds=0.2) as router:
        answer = await exchanged(router, long, then=b"a", most=1_000)
    assert answer.startswith(b"HTTP/1.1 40")


async def test_a_body_may_take_longer_than_its_head(start_router: Any, client: Any) -> None:
    async def slowly() -> Any:
        yield HELLO[:5]
        await asyncio.sleep(0.5)
        yield HELLO[5:]

    headers = {"content-type": "application/json"}
    async with (
        start_router(head_seconds=0.2) as router,
        client.post(router.url, data=slowly(), headers=headers) as response,
    ):
        assert await response.json() == {"data": {"hello": "world"}}


async def test_a_connection_that_asks_nothing_more_is_kept_for_a_while(start_router: Any) -> None:
    assert RouterSettings().keep_alive_seconds > A_PROXY_KEEPS_SECONDS
    async with start_router(keep_alive_seconds=0.3) as router:
        answer = await exchanged(router, WHOLE)
    assert answer.startswith(b"HTTP/1.1 200 ")
