"""graphql-transport-ws, by a client over a real socket: every state, every close code."""

import asyncio
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from router.auth import CheckedToken
from tests.router.entrypoints.reading import eventually
from tests.router.entrypoints.sockets import (
    PROTOCOL,
    Tokens,
    acknowledged,
    close_code,
    eventually_acknowledged,
    receive,
    send,
    subscribe,
)


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
