"""How much one socket may do, and how what it asked for ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import connect

from router.app import create_app
from router.settings import RouterSettings
from router.supergraph import Supergraph
from router.transports.base import Transport, TransportError
from tests.router.entrypoints.reading import eventually
from tests.router.entrypoints.sockets import PROTOCOL, acknowledged, close_code, receive, send, subscribe


async def test_too_many_operations_are_refused_and_the_socket_stays(start_router: Any) -> None:
    async with start_router(limits={"socket_operations": 2}) as router, acknowledged(router) as socket:
        for number in range(3):
            await subscribe(socket, "subscription { forever }", str(number))
        messages = [await receive(socket) for _ in range(3)]
    refusal = next(message for message in messages if message["type"] == "error")
    assert refusal["id"] == "2"
    assert refusal["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"


async def test_an_operation_counts_until_its_upstream_has_ended(start_router: Any, clinic: Any) -> None:
    clinic.parting_seconds = 0.3
    async with start_router(limits={"socket_operations": 1}) as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { forever }", "1")
        assert (await receive(socket))["type"] == "next"
        await send(socket, type="complete", id="1")
        await subscribe(socket, "subscription { forever }", "2")
        assert (await receive(socket))["payload"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
        await eventually(lambda: clinic.open_streams == 0)
        await asyncio.sleep(0.1)  # the operation ends a moment after it
        await subscribe(socket, "subscription { forever }", "3")
        assert (await receive(socket))["type"] == "next"


async def test_a_message_too_large_closes_the_socket(start_router: Any) -> None:
    async with start_router(limits={"socket_message_bytes": 10_000}) as router, acknowledged(router) as socket:
        await subscribe(socket, "{ hello }", variables={"x": "y" * 20_000})
        assert await close_code(socket) == 1009


async def test_complete_ends_the_upstream(start_router: Any, clinic: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { forever }")
        assert (await receive(socket))["type"] == "next"
        assert clinic.open_streams == 1
        await send(socket, type="complete", id="1")
        await eventually(lambda: clinic.open_streams == 0)
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


async def test_a_lost_client_ends_the_upstream(start_router: Any, clinic: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { forever }")
        await receive(socket)
        socket.transport.abort()
        await eventually(lambda: clinic.open_streams == 0)


async def test_a_slow_reader_slows_the_upstream(start_router: Any, clinic: Any) -> None:
    async with start_router() as router:
        async with connect(router.socket, subprotocols=[PROTOCOL], max_size=None, max_queue=1) as socket:
            await send(socket, type="connection_init")
            await receive(socket)
            await subscribe(socket, "subscription { big }")
            await asyncio.sleep(0.5)
            produced = clinic.produced
            await asyncio.sleep(0.5)
            assert clinic.produced == produced
            assert produced < 200
            socket.transport.abort()
        await eventually(lambda: clinic.open_streams == 0)


async def test_who_reads_nothing_for_too_long_is_let_go(start_router: Any, clinic: Any) -> None:
    async with (
        start_router(sockets={"send_seconds": 0.2}) as router,
        connect(router.socket, subprotocols=[PROTOCOL], max_size=None, max_queue=1) as socket,
    ):
        await send(socket, type="connection_init")
        await receive(socket)
        await subscribe(socket, "subscription { big }")
        await eventually(lambda: clinic.open_streams == 1)
        await eventually(lambda: clinic.open_streams == 0)
        socket.transport.abort()


async def test_what_breaks_in_a_stream_is_masked(start_router: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { broken }")
        assert (await receive(socket))["payload"] == {"data": {"broken": 0}}
        assert "secret" not in json.dumps(await receive(socket))


async def test_it_closes_1001_when_the_router_stops(start_router: Any, clinic: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { forever }")
        await receive(socket)
        router.server.should_exit = True
        assert await close_code(socket) == 1001
    assert clinic.open_streams == 0


class SlowToLetGo:
    """A stream that, when it is stopped, takes a while and then fails instead."""

    def __init__(self) -> None:
        self.stopped = 0

    async def execute(self, request: Any) -> Any:
        raise AssertionError(request)

    async def subscribe(self, request: Any) -> AsyncIterator[Any]:
        yield {"data": {"forever": 0}}
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)
            self.stopped += 1
            raise TransportError("it fell over as it was stopped") from None


async def test_what_was_completed_says_no_more_and_leaves_its_successor_alone(start_router: Any) -> None:
    query, transport = "subscription { forever }", SlowToLetGo()
    unshared = {"shared": False}  # to its one listener, a shared stream says nothing of how it ends
    async with start_router(transport=transport, subscriptions=unshared) as router, acknowledged(router) as socket:
        first = {"id": "1", "type": "next", "payload": {"data": {"forever": 0}}}
        await subscribe(socket, query)
        assert await receive(socket) == first
        await send(socket, type="complete", id="1")
        await subscribe(socket, query)
        assert await receive(socket) == first
        await eventually(lambda: transport.stopped)
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}
        await subscribe(socket, query)
        assert await close_code(socket) == 4409


class Client:
    """Of an application that is called as a server does; it sends these messages, and then nothing more."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.told: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self._messages = [{"type": "websocket.connect"}] + [
            {"type": "websocket.receive", "text": json.dumps(message)} for message in messages
        ]

    async def receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, event: dict[str, Any]) -> None:
        self.told.append(event)
        await self.reads.wait()

    async def call(self, app: Any) -> None:
        scope = {"type": "websocket", "path": "/graphql", "headers": [], "subprotocols": [PROTOCOL]}
        await app(scope, self.receive, self.send)


FOREVER = {"type": "subscribe", "id": "1", "payload": {"query": "subscription { forever }"}}


async def test_what_runs_on_a_socket_ends_when_the_server_lets_go_of_it(
    supergraph: Supergraph, local: Transport, clinic: Any
) -> None:
    client = Client({"type": "connection_init"}, FOREVER)
    calling = asyncio.create_task(client.call(create_app(supergraph, local, RouterSettings())))
    await eventually(lambda: clinic.open_streams == 1)
    calling.cancel()
    await asyncio.wait([calling])
    await eventually(lambda: clinic.open_streams == 0)


async def test_a_socket_that_is_accepted_while_the_router_begins_to_stop_is_closed(
    supergraph: Supergraph, local: Transport
) -> None:
    app, client = create_app(supergraph, local, RouterSettings()), Client()
    client.reads.clear()
    calling = asyncio.create_task(client.call(app))
    await eventually(lambda: [event["type"] for event in client.told] == ["websocket.accept"])
    await app.state.drain()
    client.reads.set()
    await asyncio.wait_for(calling, 2)
    assert [event.get("code") for event in client.told] == [None, 1001]
