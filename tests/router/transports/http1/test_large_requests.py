"""Bodies larger than a server takes at once."""

import asyncio
from typing import Any

import pytest

from router.transports.base import SubgraphRequest, TransportError, Unreachable
from router.transports.http1 import pool
from router.transports.http1.connection import Connection
from tests.router.transports.http1.servers import BODY, counted, read_request, reply

LARGE = SubgraphRequest("clinic", "query($x: String) { hello }", {"x": "x" * 20_000_000})


async def test_a_large_body_arrives_whole(raw: Any, transport_to: Any) -> None:
    lengths: list[int] = []

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            _, body = await read_request(reader)
            lengths.append(len(body))
            writer.write(counted())

    async with raw(slowly) as url:
        transport = transport_to(url, seconds=20.0)
        for _ in range(2):
            assert await transport.execute(LARGE) == {"data": {}}
    assert len(lengths) == 2
    assert min(lengths) > 20_000_000


async def test_no_more_is_handed_to_a_connection_than_the_server_reads(
    raw: Any, transport_to: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Connection] = []

    class Noted(Connection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            made.append(self)

    async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(5)

    monkeypatch.setattr(pool, "Connection", Noted)
    async with raw(deaf) as url:
        asking = asyncio.create_task(transport_to(url, seconds=1.5).execute(LARGE))
        await asyncio.sleep(0.75)
        assert 0 < made[0]._transport.get_write_buffer_size() < 500_000
        with pytest.raises(Unreachable, match="in time"):
            await asking


async def test_a_reply_before_the_request_was_read_ends_its_sending(raw: Any, transport_to: Any) -> None:
    connections, done = 0, asyncio.Event()

    async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        too_large = b"HTTP/1.1 413 Content Too Large"
        body = b'{"errors":[{"message":"no"}]}'
        writer.write(reply(body, b"content-length: %d" % len(body), status=too_large))
        await done.wait()

    async with raw(early) as url:
        transport = transport_to(url)
        for _ in range(2):
            assert await transport.execute(LARGE) == {"errors": [{"message": "no"}]}
        done.set()
    assert connections == 2


async def test_a_server_that_goes_as_it_is_sent_to_is_not_there(raw: Any, transport_to: Any) -> None:
    async def leaving(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with raw(leaving) as url:
        with pytest.raises(TransportError, match="clinic cannot be reached"):
            await asyncio.wait_for(transport_to(url).execute(LARGE), 2)


async def test_a_large_reply_arrives_whole(answering: Any, transport_to: Any, hello: Any) -> None:
    body = BODY[:-1] + b" " * 5_000_000 + b"}"
    async with answering(counted(body)) as url:
        assert await transport_to(url, reply_bytes=6_000_000).execute(hello) == {"data": {}}
