"""graphql-transport-ws, by a client over a real socket: every state, every close code."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from router.auth import CheckedToken, TokenRefused
from router.transports.base import TransportError
from tests.router.entrypoints.reading import eventually

PROTOCOL = Subprotocol("graphql-transport-ws")


class Tokens:
    """Good is any token that names when it ends: `until-<seconds since 1970>`."""

    async def check(self, token: str) -> CheckedToken:
        if not token.startswith("until-"):
            raise TokenRefused("The access token is not valid.")
        return CheckedToken("ada", float(token.removeprefix("until-")), {})


async def send(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def receive(socket: ClientConnection) -> Any:
    return json.loads(await asyncio.wait_for(socket.recv(), 5))


async def close_code(socket: ClientConnection) -> int:
    async with asyncio.timeout(5):
        async for _ in closing(socket):
            pass
    assert socket.close_code is not None
    return socket.close_code


async def closing(socket: ClientConnection) -> AsyncIterator[Any]:
    with suppress(ConnectionClosed):
        while True:
            yield await socket.recv()


@asynccontextmanager
async def acknowledged(router: Any, payload: Any = None) -> AsyncIterator[ClientConnection]:
    async with connect(router.socket, subprotocols=[PROTOCOL], max_size=None) as socket:
        await send(socket, type="connection_init", payload=payload)
        assert await receive(socket) == {"type": "connection_ack"}
        yield socket


async def subscribe(socket: ClientConnection, query: str, operation_id: str = "1", **more: Any) -> None:
    await send(socket, type="subscribe", id=operation_id, payload={"query": query, **more})


@asynccontextmanager
async def eventually_acknowledged(router: Any) -> AsyncIterator[ClientConnection]:
    """The router may not have seen yet that another has gone."""
    while True:
        with suppress(InvalidStatus):
            async with acknowledged(router) as socket:
                yield socket
            return
        await asyncio.sleep(0.01)


async def test_it_streams_a_subscription_to_its_end(start_router: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription S($c: Int) { ticks(count: $c) }", variables={"c": 2})
        received = [await receive(socket) for _ in range(3)]
    assert received == [
        {"id": "1", "type": "next", "payload": {"data": {"ticks": 0}}},
        {"id": "1", "type": "next", "payload": {"data": {"ticks": 1}}},
        {"id": "1", "type": "complete"},
    ]


@pytest.mark.parametrize(
    ("query", "data"), [("{ hello }", {"hello": "world"}), ('mutation { rename(name: "x") }', {"rename": "renamed x"})]
)
async def test_it_answers_queries_and_mutations(start_router: Any, query: str, data: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, query)
        assert await receive(socket) == {"id": "1", "type": "next", "payload": {"data": data}}
        assert await receive(socket) == {"id": "1", "type": "complete"}


async def test_an_id_may_be_used_again_after_its_end(start_router: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        for _ in range(2):
            await subscribe(socket, "{ hello }")
            assert [(await receive(socket))["type"] for _ in range(2)] == ["next", "complete"]


@pytest.mark.parametrize(
    ("query", "code"), [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED")]
)
async def test_a_refused_document_is_an_error_message_and_the_socket_stays(
    start_router: Any, query: str, code: str
) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, query)
        message = await receive(socket)
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == code
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


async def test_it_answers_a_ping_before_and_after_the_greeting(start_router: Any) -> None:
    async with start_router() as router, connect(router.socket, subprotocols=[PROTOCOL]) as socket:
        await send(socket, type="ping", payload={"n": 1})
        assert await receive(socket) == {"type": "pong", "payload": {"n": 1}}
        await send(socket, type="pong")
        await send(socket, type="connection_init")
        assert await receive(socket) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    "frame",
    [
        "[]",
        "null",
        "1",
        "{",
        "[" * 50_000,
        "{}",
        '{"type": 1}',
        '{"type": "nonsense"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": ""}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
        '{"type": "complete"}',
        '{"type": "ping", "payload": 1}',
        '{"type": "connection_init", "payload": []}',
        b"{}",
    ],
)
async def test_it_closes_4400_on_what_is_no_message(start_router: Any, frame: str | bytes) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await socket.send(frame)
        assert await close_code(socket) == 4400


async def test_it_closes_4401_when_an_operation_comes_before_the_greeting(start_router: Any, clinic: Any) -> None:
    async with start_router() as router, connect(router.socket, subprotocols=[PROTOCOL]) as socket:
        await subscribe(socket, "{ hello }")
        assert await close_code(socket) == 4401
    assert clinic.seen == []


async def test_it_closes_4406_without_the_subprotocol(start_router: Any) -> None:
    async with start_router() as router, connect(router.socket, subprotocols=[Subprotocol("graphql-ws")]) as socket:
        assert await close_code(socket) == 4406


async def test_it_closes_4408_when_no_greeting_comes(start_router: Any) -> None:
    async with (
        start_router(sockets={"init_seconds": 0.1}) as router,
        connect(router.socket, subprotocols=[PROTOCOL]) as socket,
    ):
        assert await close_code(socket) == 4408


async def test_it_does_not_close_a_greeted_socket_after_the_time_for_greetings(start_router: Any) -> None:
    async with start_router(sockets={"init_seconds": 0.1}) as router, acknowledged(router) as socket:
        await asyncio.sleep(0.3)
        await send(socket, type="ping")
        assert await receive(socket) == {"type": "pong"}


async def test_it_closes_4409_on_an_id_in_use(start_router: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await subscribe(socket, "subscription { forever }")
        await subscribe(socket, "subscription { forever }")
        assert await close_code(socket) == 4409


async def test_it_closes_4429_on_a_second_greeting(start_router: Any) -> None:
    async with start_router() as router, acknowledged(router) as socket:
        await send(socket, type="connection_init")
        assert await close_code(socket) == 4429


@pytest.mark.parametrize("value", ["Bearer nonsense", "nonsense", "", 1, {}])
async def test_it_closes_4403_on_a_bad_token(start_router: Any, value: Any) -> None:
    async with (
        start_router(token_checker=Tokens()) as router,
        connect(router.socket, subprotocols=[PROTOCOL]) as socket,
    ):
        await send(socket, type="connection_init", payload={"Authorization": value})
        assert await close_code(socket) == 4403


async def test_it_closes_4403_on_two_tokens(start_router: Any) -> None:
    payload = {"Authorization": "Bearer until-9e9", "authorization": "Bearer until-9e9"}
    async with (
        start_router(token_checker=Tokens()) as router,
        connect(router.socket, subprotocols=[PROTOCOL]) as socket,
    ):
        await send(socket, type="connection_init", payload=payload)
        assert await close_code(socket) == 4403


class LostKeys:
    async def check(self, token: str) -> CheckedToken:
        raise RuntimeError("a secret of the router")


async def test_it_closes_4500_on_what_is_unexpected_and_does_not_say_what(start_router: Any) -> None:
    async with (
        start_router(token_checker=LostKeys()) as router,
        connect(router.socket, subprotocols=[PROTOCOL]) as socket,
    ):
        await send(socket, type="connection_init", payload={"Authorization": "Bearer x"})
        assert await close_code(socket) == 4500
    assert socket.close_reason is not None
    assert "secret" not in socket.close_reason
    assert len(socket.close_reason.removeprefix("Internal server error ")) == 32


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
async def test_it_forwards_the_token_of_the_greeting_and_not_the_handshakes(start_router: Any, name: str) -> None:
    token = f"Bearer until-{time.time() + 60}"
    async with (
        start_router(token_checker=Tokens(), forwarded_headers=("authorization",)) as router,
        connect(router.socket, subprotocols=[PROTOCOL], additional_headers={"Authorization": "Bearer other"}) as socket,
    ):
        await send(socket, type="connection_init", payload={name: token})
        await receive(socket)
        await subscribe(socket, "{ headers }")
        assert (await receive(socket))["payload"]["data"]["headers"] == [f"authorization: {token}"]


async def test_a_token_of_the_handshake_alone_counts_for_nothing(start_router: Any) -> None:
    headers = {"Authorization": "Bearer of-the-handshake"}
    async with (
        start_router(forwarded_headers=("authorization",)) as router,
        connect(router.socket, subprotocols=[PROTOCOL], additional_headers=headers) as socket,
    ):
        await send(socket, type="connection_init")
        await receive(socket)
        await subscribe(socket, "{ headers }")
        assert (await receive(socket))["payload"]["data"]["headers"] == []


async def test_it_closes_4403_when_the_token_ends(start_router: Any, clinic: Any) -> None:
    ends_at = time.time() + 0.5
    async with start_router(token_checker=Tokens()) as router:
        async with acknowledged(router, {"Authorization": f"Bearer until-{ends_at}"}) as socket:
            await subscribe(socket, "subscription { forever }")
            assert await close_code(socket) == 4403
            assert 0 <= time.time() - ends_at < 0.2
        await eventually(lambda: clinic.open_streams == 0)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://"])
async def test_it_refuses_the_handshake_of_a_foreign_origin(start_router: Any, origin: str) -> None:
    async with start_router() as router:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(router.socket, subprotocols=[PROTOCOL], additional_headers={"Origin": origin}):
                pass
    assert refused.value.response.status_code == 403


async def test_it_takes_its_own_origin_and_those_allowed(start_router: Any) -> None:
    async with start_router(allowed_origins="https://desk.example, https://app.example") as router:
        for origin in (router.base, "https://app.example"):
            async with connect(router.socket, subprotocols=[PROTOCOL], additional_headers={"Origin": origin}) as socket:
                assert socket.subprotocol == PROTOCOL


async def test_no_more_sockets_are_opened_than_may_be(start_router: Any) -> None:
    async with start_router(limits={"sockets": 1}) as router:
        async with acknowledged(router):
            with pytest.raises(InvalidStatus, match="503"):
                await connect(router.socket, subprotocols=[PROTOCOL])
        async with asyncio.timeout(5), eventually_acknowledged(router):
            pass


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
    async with start_router(transport=transport) as router, acknowledged(router) as socket:
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
