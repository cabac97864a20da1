"""Connections are kept, ended and replaced so that no reply goes astray and nothing is asked twice that must not be."""

import asyncio
import time
from typing import Any

import pytest

from router.transports.base import TransportError, Unreachable
from tests.router.transports.http1.servers import STALE, chunked, counted, read_request, reply, threaded_server


class Noting:
    """A server that answers each request with the next of its answers; None closes without one."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []
        self.connections = self.open = self.most_open = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        number = self.connections
        try:
            while True:
                await read_request(reader)
                self.asked.append(number)
                answer = self.answers.pop(0) if self.answers else counted()
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
        finally:
            self.open -= 1


async def test_one_connection_serves_one_request_after_the_other(raw: Any, transport_to: Any, hello: Any) -> None:
    server = Noting(counted(), chunked(b'{"data":{}}'), counted())
    async with raw(server) as url:
        transport = transport_to(url)
        for _ in range(3):
            await transport.execute(hello)
    assert server.asked == [1, 1, 1]


async def test_requests_at_one_time_have_connections_of_their_own_and_the_last_is_used_first(
    raw: Any, transport_to: Any, hello: Any
) -> None:
    server = Noting()
    async with raw(server) as url:
        transport = transport_to(url)
        await asyncio.gather(*(transport.execute(hello) for _ in range(3)))
        assert sorted(server.asked) == [1, 2, 3]
        for _ in range(3):
            await transport.execute(hello)
    assert len(set(server.asked[3:])) == 1


@pytest.mark.parametrize(
    "answer",
    [
        counted(b'{"data":{}}', b"connection: close"),
        reply(b'{"data":{}}', b"content-length: 11", status=b"HTTP/1.0 200 OK"),
        counted() + counted(STALE),
        counted() + b"garbage",
    ],
    ids=["close", "HTTP/1.0", "two replies", "garbage after it"],
)
async def test_a_connection_that_may_not_be_kept_is_ended(
    raw: Any, transport_to: Any, hello: Any, answer: bytes
) -> None:
    server = Noting(answer)
    async with raw(server) as url:
        transport = transport_to(url)
        assert await transport.execute(hello) == {"data": {}}
        assert await transport.execute(hello) == {"data": {}}
    assert server.asked == [1, 2]


async def test_http_1_0_may_keep_a_connection_when_it_says_so(raw: Any, transport_to: Any, hello: Any) -> None:
    kept = reply(b'{"data":{}}', b"content-length: 11", b"connection: keep-alive", status=b"HTTP/1.0 200 OK")
    server = Noting(kept)
    async with raw(server) as url:
        transport = transport_to(url)
        for _ in range(2):
            await transport.execute(hello)
    assert server.asked == [1, 1]


async def test_an_idle_connection_is_ended_before_the_server_would(raw: Any, transport_with: Any, hello: Any) -> None:
    server = Noting()
    async with raw(server) as url:
        transport = transport_with(url, idle_seconds=0.2)
        await asyncio.gather(transport.execute(hello), transport.execute(hello))
        assert server.open == 2
        await asyncio.sleep(0.6)
        assert server.open == 0


async def test_each_idle_connection_is_ended_in_its_turn(raw: Any, transport_with: Any, hello: Any) -> None:
    class SlowAtFirst(Noting):
        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.connections:
                await asyncio.sleep(0.2)
            await super().__call__(reader, writer)

    server = SlowAtFirst()
    async with raw(server) as url:
        transport = transport_with(url, idle_seconds=0.3)
        await asyncio.gather(transport.execute(hello), transport.execute(hello))
        assert len(set(server.asked)) == 2
        await asyncio.sleep(0.9)
        assert server.open == 0


async def test_a_connection_idle_for_too_long_is_not_used_though_the_loop_was_busy(
    raw: Any, transport_with: Any, hello: Any
) -> None:
    server = Noting()
    async with raw(server) as url:
        transport = transport_with(url, idle_seconds=0.1)
        await transport.execute(hello)
        time.sleep(0.2)  # noqa: ASYNC251
        await transport.execute(hello)
    assert server.asked == [1, 2]


async def test_what_an_idle_connection_says_is_nobodys_reply(raw: Any, transport_to: Any, hello: Any) -> None:
    async def talkative(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(counted())
        await asyncio.sleep(0.05)
        writer.write(counted(STALE))
        await reader.read()

    async with raw(talkative) as url:
        transport = transport_to(url)
        await transport.execute(hello)
        await asyncio.sleep(0.2)
        assert await transport.execute(hello) == {"data": {}}


async def test_what_lies_unread_as_the_next_request_begins_is_not_its_reply(transport_to: Any, hello: Any) -> None:
    with threaded_server() as server:
        transport = transport_to(server.url)
        await transport.execute(hello)
        server.act(counted(STALE))
        server.acts.put(None)
        assert await transport.execute(hello) == {"data": {}}


async def test_a_mutation_is_sent_over_no_connection_that_is_already_closed(transport_to: Any, mutation: Any) -> None:
    with threaded_server() as server:
        transport = transport_to(server.url)
        await transport.execute(mutation)
        server.act(None)
        assert await transport.execute(mutation) == {"data": {}}


async def test_a_query_is_asked_again_when_a_kept_connection_ends_under_it(
    raw: Any, transport_to: Any, hello: Any
) -> None:
    server = Noting(counted(), None)
    async with raw(server) as url:
        transport = transport_to(url)
        for _ in range(2):
            assert await transport.execute(hello) == {"data": {}}
    assert server.asked == [1, 1, 2]


async def test_a_query_is_asked_twice_at_the_most(raw: Any, transport_to: Any, hello: Any) -> None:
    server = Noting(counted(), None, None)
    async with raw(server) as url:
        transport = transport_to(url)
        await transport.execute(hello)
        with pytest.raises(Unreachable, match="ClosedBeforeReply"):
            await transport.execute(hello)
    assert server.asked == [1, 1, 2]


async def test_a_query_over_a_new_connection_is_asked_once(raw: Any, transport_to: Any, hello: Any) -> None:
    server = Noting(None)
    async with raw(server) as url:
        with pytest.raises(Unreachable, match="ClosedBeforeReply"):
            await transport_to(url).execute(hello)
    assert server.asked == [1]


@pytest.mark.parametrize("cut", [b"H", b"HTTP/1.1 100 Continue\r\n\r\n", counted()[:-3]])
async def test_a_query_that_was_answered_in_part_is_asked_once(
    raw: Any, transport_to: Any, hello: Any, cut: bytes
) -> None:
    class Cutting(Noting):
        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for answer in (counted(), cut):
                await read_request(reader)
                self.asked.append(1)
                writer.write(answer)

    server = Cutting()
    async with raw(server) as url:
        transport = transport_to(url)
        await transport.execute(hello)
        with pytest.raises(Unreachable, match="CutOff"):
            await transport.execute(hello)
    assert server.asked == [1, 1]


async def test_a_mutation_is_never_asked_twice(raw: Any, transport_to: Any, mutation: Any) -> None:
    server = Noting(counted(), None)
    async with raw(server) as url:
        transport = transport_to(url)
        await transport.execute(mutation)
        with pytest.raises(Unreachable, match="ClosedBeforeReply"):
            await transport.execute(mutation)
    assert server.asked == [1, 1]


async def test_no_more_connections_are_open_than_may_be(raw: Any, transport_with: Any, hello: Any) -> None:
    server = Noting()
    async with raw(server) as url:
        transport = transport_with(url, number=2)
        answers = await asyncio.gather(*(transport.execute(hello) for _ in range(20)))
    assert answers == [{"data": {}}] * 20
    assert server.most_open == 2


async def test_who_waits_for_a_connection_waits_no_longer_than_for_an_answer(
    raw: Any, transport_with: Any, hello: Any, mutation: Any
) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw(silent) as url:
        transport = transport_with(url, seconds=0.2, number=1)
        holding = asyncio.create_task(transport.execute(mutation))
        await asyncio.sleep(0.05)
        with pytest.raises(Unreachable, match="in time"):
            await transport.execute(hello)
        holding.cancel()
        await asyncio.wait([holding])


async def test_servers_do_not_share_their_connections(raw: Any, session: Any, transport_to: Any, hello: Any) -> None:
    one, other = Noting(counted(b'{"data":{"is":1}}')), Noting(counted(b'{"data":{"is":2}}'))
    async with raw(one) as first, raw(other) as second:
        assert await transport_to(first).execute(hello) == {"data": {"is": 1}}
        assert await transport_to(second).execute(hello) == {"data": {"is": 2}}


async def test_what_is_under_way_may_end_as_the_session_closes(
    raw: Any, session: Any, transport_to: Any, hello: Any
) -> None:
    asked, answering = asyncio.Event(), asyncio.Event()

    class Waiting(Noting):
        async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            asked.set()
            await answering.wait()
            writer.write(counted())
            assert await reader.read() == b""
            self.open = -1

    server = Waiting()
    async with raw(server) as url:
        transport = transport_to(url)
        running = asyncio.create_task(transport.execute(hello))
        await asked.wait()
        closing = asyncio.create_task(session.aclose())
        await asyncio.sleep(0.05)
        answering.set()
        assert await running == {"data": {}}
        await asyncio.wait_for(closing, 1)
        await asyncio.sleep(0.05)
        assert server.open == -1
        with pytest.raises(TransportError, match="PoolClosed"):
            await transport.execute(hello)


async def test_idle_connections_end_with_the_session(raw: Any, session: Any, transport_to: Any, hello: Any) -> None:
    server = Noting()
    async with raw(server) as url:
        await transport_to(url).execute(hello)
        await session.aclose()
        await asyncio.sleep(0.05)
        assert server.open == 0
