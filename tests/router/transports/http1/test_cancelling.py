"""Whoever stops waiting leaves no connection behind that could answer somebody else."""

import asyncio
from typing import Any

import pytest

from router.transports.base import Unreachable
from router.transports.http1 import pool
from router.transports.http1.connection import Connection
from router.transports.http1.reader import Reply
from tests.router.transports.http1.servers import STALE, counted, read_request


class Slow:
    """Answers the first request in two parts, with a pause; it notes when that connection ends."""

    def __init__(self, before: bytes) -> None:
        self.before = before
        self.reached, self.ended = asyncio.Event(), asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        if self.reached.is_set():
            writer.write(counted())
            return
        writer.write(self.before)
        await writer.drain()
        self.reached.set()
        try:
            assert await reader.read() == b""
        finally:
            self.ended.set()


@pytest.mark.parametrize(
    "before", [b"", b"HTTP/1.1 200 OK\r\ncontent-le", counted(STALE)[:-5]], ids=["nothing", "half a head", "a cut body"]
)
async def test_a_request_that_is_cancelled_ends_its_connection(
    raw: Any, transport_to: Any, hello: Any, before: bytes
) -> None:
    server = Slow(before)
    async with raw(server) as url:
        transport = transport_to(url)
        asking = asyncio.create_task(transport.execute(hello))
        await server.reached.wait()
        await asyncio.sleep(0.02)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(server.ended.wait(), 1)
        assert await transport.execute(hello) == {"data": {}}


@pytest.mark.parametrize("before", [b"", counted(STALE)[:-5]], ids=["nothing", "a cut body"])
async def test_a_request_that_takes_too_long_ends_its_connection(
    raw: Any, transport_to: Any, hello: Any, before: bytes
) -> None:
    server = Slow(before)
    async with raw(server) as url:
        transport = transport_to(url, seconds=0.2)
        with pytest.raises(Unreachable, match="in time"):
            await transport.execute(hello)
        await asyncio.wait_for(server.ended.wait(), 1)
        assert await transport_to(url).execute(hello) == {"data": {}}


async def test_a_request_that_is_cancelled_as_its_reply_comes_ends_its_connection(
    raw: Any, transport_to: Any, hello: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Connection] = []

    class Cancelling(Connection):
        def _settle(self) -> None:
            super()._settle()
            if not made:
                asking.cancel()
            made.append(self)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(counted())

    monkeypatch.setattr(pool, "Connection", Cancelling)
    async with raw(answer) as url:
        transport = transport_to(url)
        asking = asyncio.create_task(transport.execute(hello))
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await transport.execute(hello) == {"data": {}}
    assert len(set(made)) == 2


async def test_a_turn_that_was_waited_for_in_vain_is_passed_on(raw: Any, transport_with: Any, hello: Any) -> None:
    answering = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            await answering.wait()
            writer.write(counted())

    async with raw(answer) as url:
        transport = transport_with(url, number=1)
        asking = [asyncio.create_task(transport.execute(hello)) for _ in range(4)]
        await asyncio.sleep(0.1)
        for task in asking[:3]:
            task.cancel()
        answering.set()
        assert await asyncio.wait_for(asking[3], 2) == {"data": {}}
        assert await transport.execute(hello) == {"data": {}}


async def test_a_request_that_is_cancelled_as_it_connects_leaves_nothing_open(
    raw: Any, transport_to: Any, hello: Any
) -> None:
    opened, ended = asyncio.Event(), asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        opened.set()
        await reader.read()
        ended.set()

    async with raw(silent) as url:
        asking = asyncio.create_task(transport_to(url.replace("http:", "https:")).execute(hello))
        await opened.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(ended.wait(), 1)


async def test_a_connection_that_ended_before_it_was_used_is_not_waited_for(
    raw: Any, transport_to: Any, hello: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ended(Connection):
        async def ask(self, message: Any) -> Reply:
            self.close()
            await asyncio.sleep(0.01)
            return await super().ask(message)

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    monkeypatch.setattr(pool, "Connection", Ended)
    async with raw(silent) as url:
        with pytest.raises(Unreachable, match="ClosedBeforeReply"):
            await asyncio.wait_for(transport_to(url).execute(hello), 1)
