"""Subscriptions over graphql-transport-ws, from servers that keep the protocol and servers that do not."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websocket_serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from router.transports.base import Load, SubgraphRequest, TransportError

PROTOCOL = Subprotocol("graphql-transport-ws")
TICKS = SubgraphRequest("clinic", "subscription { ticks }", {"n": 1}, None, {"authorization": "Bearer x"})


@asynccontextmanager
async def speaking(script: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    async def quietly(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await script(connection)

    async with websocket_serve(quietly, "127.0.0.1", 0, subprotocols=[PROTOCOL]) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"


async def greet(connection: ServerConnection) -> tuple[Any, Any]:
    init = json.loads(await connection.recv())
    await connection.send('{"type": "connection_ack"}')
    return init, json.loads(await connection.recv())


async def say(connection: ServerConnection, **message: Any) -> None:
    await connection.send(json.dumps(message))


async def all_of(transport: Any, request: SubgraphRequest = TICKS) -> list[Any]:
    return [event async for event in transport.subscribe(request)]


async def test_it_gives_each_event_until_the_end(transport_to: Any) -> None:
    said: list[Any] = []

    async def script(connection: ServerConnection) -> None:
        said.extend(await greet(connection))
        for number in range(2):
            await say(connection, id="1", type="next", payload={"data": {"ticks": number}})
        await say(connection, id="1", type="complete")
        await connection.wait_closed()

    async with speaking(script) as url:
        assert await all_of(transport_to(url)) == [{"data": {"ticks": 0}}, {"data": {"ticks": 1}}]
    init, subscribe = said
    assert init == {"type": "connection_init", "payload": {"authorization": "Bearer x"}}
    assert subscribe["payload"] == {"query": "subscription { ticks }", "variables": {"n": 1}}


async def test_what_its_events_weigh_is_noted(transport_to: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await say(connection, id="1", type="next", payload={"data": {"ticks": "x" * 10_000}})
        await say(connection, id="1", type="complete")

    request = replace(TICKS, load=Load())
    async with speaking(script) as url:
        await all_of(transport_to(url), request)
    assert 10_000 < request.load.bytes < 10_500


async def test_it_answers_pings(transport_to: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await say(connection, type="ping")
        assert json.loads(await connection.recv()) == {"type": "pong"}
        await say(connection, id="1", type="next", payload={"data": {"ticks": 1}})
        await say(connection, id="1", type="complete")

    async with speaking(script) as url:
        assert await all_of(transport_to(url)) == [{"data": {"ticks": 1}}]


async def test_a_refused_subscription_gives_its_errors(transport_to: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await say(connection, id="1", type="error", payload=[{"message": "no"}])
        await connection.wait_closed()

    async with speaking(script) as url:
        assert await all_of(transport_to(url)) == [{"data": None, "errors": [{"message": "no"}]}]


@pytest.mark.parametrize("frame", ["[]", "{", b"{}", '{"type":"next","id":"1","payload":1}', '{"type":"error"}'])
async def test_what_is_not_the_protocol_is_a_transport_error(transport_to: Any, frame: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await connection.send(frame)
        await connection.wait_closed()

    async with speaking(script) as url:
        with pytest.raises(TransportError):
            await all_of(transport_to(url))


@pytest.mark.parametrize("code", [1000, 1011, 1012, 4403])
async def test_a_socket_closed_early_is_a_transport_error(transport_to: Any, code: int) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await say(connection, id="1", type="next", payload={"data": {"ticks": 1}})
        await connection.close(code)

    async with speaking(script) as url:
        events = transport_to(url).subscribe(TICKS)
        assert await anext(events) == {"data": {"ticks": 1}}
        with pytest.raises(TransportError, match=str(code)):
            await anext(events)


async def test_a_cut_line_is_a_transport_error(transport_to: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        connection.transport.abort()

    async with speaking(script) as url:
        with pytest.raises(TransportError):
            await all_of(transport_to(url))


async def test_a_greeting_that_is_not_answered_times_out(transport_to: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with speaking(script) as url:
        with pytest.raises(TransportError, match="in time"):
            await all_of(transport_to(url, seconds=0.2))


async def test_events_may_take_longer_than_the_greeting(transport_to: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await asyncio.sleep(0.5)
        await say(connection, id="1", type="complete")

    async with speaking(script) as url:
        assert await all_of(transport_to(url, seconds=0.2)) == []


async def test_an_event_larger_than_allowed_is_a_transport_error(transport_to: Any) -> None:
    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await say(connection, id="1", type="next", payload={"data": {"ticks": "x" * 200_000}})
        await connection.wait_closed()

    async with speaking(script) as url:
        with pytest.raises(TransportError):
            await all_of(transport_to(url))


async def test_who_stops_reading_ends_the_subscription_upstream(transport_to: Any) -> None:
    last: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def script(connection: ServerConnection) -> None:
        await greet(connection)
        await say(connection, id="1", type="next", payload={"data": {"ticks": 1}})
        last.set_result(json.loads(await connection.recv()))
        await connection.wait_closed()

    async with speaking(script) as url:
        async with aclosing(transport_to(url).subscribe(TICKS)) as events:
            await anext(events)
        assert await asyncio.wait_for(last, 2) == {"id": "1", "type": "complete"}


async def test_a_server_without_websockets_is_a_transport_error(answering: Any, transport_to: Any) -> None:
    async with answering(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n") as url:
        with pytest.raises(TransportError):
            await all_of(transport_to(url))


async def test_no_server_is_a_transport_error(transport_to: Any) -> None:
    with pytest.raises(TransportError, match="cannot be reached"):
        await all_of(transport_to("http://127.0.0.1:9/graphql"))
