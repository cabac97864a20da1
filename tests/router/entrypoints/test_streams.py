"""GraphQL over server-sent events and over multipart/mixed, by clients over real connections."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

import pytest

from router.app import create_app
from router.auth import CheckedToken, TokenRefused
from router.entrypoints.framing import SubscriptionParts
from router.entrypoints.streams import OpenStreams
from router.settings import Limits, RouterSettings
from router.sharing import too_slow
from tests.router.entrypoints.reading import PARTS, SSE, eventually, streamed

BOTH = pytest.mark.parametrize("accept", [SSE, PARTS])


class Tokens:
    """Good is any token that names when it ends: `until-<seconds since 1970>`."""

    async def check(self, token: str) -> CheckedToken:
        if not token.startswith("until-"):
            raise TokenRefused("The access token is not valid.")
        return CheckedToken("ada", float(token.removeprefix("until-")), {})


async def first(stream: Any, accept: str) -> Any:
    return (await stream.event())[1] if accept == SSE else (await stream.part())["payload"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_events_come_as_server_sent_events_to_their_end(start_router: Any, client: Any, method: str) -> None:
    query = "subscription { ticks(count: 2) }"
    async with start_router() as router, streamed(client, router.url, query, SSE, method) as stream:
        headers, body = stream.response.headers, await stream.rest()
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert (headers["cache-control"], headers["x-accel-buffering"]) == ("no-store", "no")
    assert len(headers["x-request-id"]) == 32
    assert body == (
        b':\n\nevent: next\ndata: {"data":{"ticks":0}}\n\nevent: next\ndata: {"data":{"ticks":1}}\n\n'
        b"event: complete\ndata:\n\n"
    )


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_events_come_as_parts_to_their_end(start_router: Any, client: Any, method: str) -> None:
    query = "subscription { ticks(count: 2) }"
    async with start_router() as router, streamed(client, router.url, query, PARTS, method) as stream:
        headers, body = stream.response.headers, await stream.rest()
    assert headers["content-type"] == 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'
    assert body == (
        b'\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{"payload":{"data":{"ticks":0}}}'
        b'\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{"payload":{"data":{"ticks":1}}}'
        b"\r\n--graphql--\r\n"
    )


@pytest.mark.parametrize(
    ("query", "data"), [("{ hello }", {"hello": "world"}), ('mutation { rename(name: "x") }', {"rename": "renamed x"})]
)
async def test_queries_and_mutations_are_one_response(start_router: Any, client: Any, query: str, data: Any) -> None:
    async with start_router() as router:
        async with streamed(client, router.url, query, SSE) as stream:
            assert await stream.event() == ("next", {"data": data})
            assert await stream.event() == ("complete", None)
        async with streamed(client, router.url, query, PARTS) as stream:
            assert await stream.part() == {"payload": {"data": data}}
            assert await stream.rest() == b"--\r\n"


async def test_a_mutation_by_get_is_refused_to_streams_too(start_router: Any, client: Any, clinic: Any) -> None:
    query = 'mutation { rename(name: "x") }'
    async with start_router() as router, streamed(client, router.url, query, SSE, "GET") as stream:
        assert (stream.response.status, stream.response.headers["allow"]) == (405, "POST")
    assert clinic.seen == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription S($c: Int!) { ticks(count: $c) }", "BAD_USER_INPUT"),
    ],
)
async def test_an_operation_that_is_refused_is_so_within_a_stream(
    start_router: Any, client: Any, query: str, code: str
) -> None:
    async with start_router() as router:
        async with streamed(client, router.url, query, SSE) as stream:
            name, data = await stream.event()
            assert (stream.response.status, name) == (200, "next")
            assert ("data" in data, data["errors"][0]["extensions"]["code"]) == (False, code)
            assert await stream.event() == ("complete", None)
        async with streamed(client, router.url, query, PARTS) as stream:
            payload = (await stream.part())["payload"]
            assert payload["errors"][0]["extensions"]["code"] == code


@BOTH
async def test_a_request_that_is_refused_has_a_status_and_json(start_router: Any, client: Any, accept: str) -> None:
    query = "subscription { ticks }"
    async with start_router(token_checker=Tokens()) as router:
        async with streamed(client, router.url, query, accept, authorization="Bearer no") as stream:
            assert (stream.response.status, stream.response.content_type) == (401, "application/json")
        async with client.post(router.url, data=b"{", headers={"accept": accept}) as response:
            assert (response.status, response.content_type) == (415, "application/json")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "multipart/mixed", "text/*, application/*"])
async def test_a_subscription_is_refused_to_who_names_no_stream(start_router: Any, client: Any, accept: str) -> None:
    query = "subscription { ticks }"
    async with start_router() as router, streamed(client, router.url, query, accept) as stream:
        body = json.loads(await stream.rest())
    expected = 406
    assert (stream.response.status, stream.response.content_type) == (expected, "application/json")
    assert "text/event-stream" in body["errors"][0]["message"]


async def test_a_quiet_stream_shows_that_it_goes_on(start_router: Any, client: Any) -> None:
    query, often = "subscription { forever }", {"heartbeat_seconds": 0.1}
    async with start_router(streams=often) as router:
        async with streamed(client, router.url, query, SSE) as stream:
            await stream.event()
            for _ in range(3):
                assert await stream.until(b"\n\n") == b":"
        async with streamed(client, router.url, query, PARTS) as stream:
            await stream.part()
            for _ in range(3):
                assert (await stream.until(b"\r\n--graphql")).endswith(b"\r\n\r\n{}")


@BOTH
async def test_a_client_that_goes_ends_the_upstream(start_router: Any, client: Any, clinic: Any, accept: str) -> None:
    async with start_router() as router, streamed(client, router.url, "subscription { forever }", accept) as stream:
        await first(stream, accept)
        assert clinic.open_streams == 1
        stream.response.close()
        await eventually(lambda: clinic.open_streams == 0)


async def unread(router: Any, accept: str) -> asyncio.StreamWriter:
    """A connection that asks for much and reads nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(router.base.rsplit(":", 1)[1]), limit=1_000)
    body = b'{"query": "subscription { big }"}'
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await reader.readline()
    return writer


@BOTH
async def test_a_slow_reader_slows_the_upstream(start_router: Any, clinic: Any, accept: str) -> None:
    async with start_router() as router:
        writer = await unread(router, accept)
        await asyncio.sleep(0.5)
        produced = clinic.produced
        await asyncio.sleep(0.5)
        assert 0 < clinic.produced == produced < 200
        writer.transport.abort()
        await eventually(lambda: clinic.open_streams == 0)


@BOTH
async def test_who_reads_nothing_for_too_long_is_cut_off(
    start_router: Any, clinic: Any, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with start_router(sockets={"send_seconds": 0.2}) as router:
        writer = await unread(router, accept)
        await eventually(lambda: clinic.open_streams == 1)
        await eventually(lambda: clinic.open_streams == 0)
        await eventually(lambda: not router.server.server_state.connections)
        writer.transport.abort()
    assert caplog.records == []


async def test_a_token_that_ends_closes_the_stream_with_an_error(start_router: Any, client: Any, clinic: Any) -> None:
    query, ends_at = "subscription { forever }", time.time() + 1.0
    bearer = f"Bearer until-{ends_at}"
    async with (
        start_router(token_checker=Tokens()) as router,
        streamed(client, router.url, query, SSE, authorization=bearer) as events,
        streamed(client, router.url, query, PARTS, authorization=bearer) as parts,
    ):
        assert await events.event() == ("next", {"data": {"forever": 0}})
        assert await parts.part() == {"payload": {"data": {"forever": 0}}}
        _, failed = await events.event()
        assert 0 <= time.time() - ends_at < 0.3
        assert failed["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await events.event() == ("complete", None)
        last = await parts.part()
        assert (last["payload"], last["errors"]) == (None, failed["errors"])
        assert await parts.rest() == b"--\r\n"
        await eventually(lambda: clinic.open_streams == 0)


async def test_a_router_that_stops_ends_streams_so_that_clients_come_again(
    start_router: Any, client: Any, clinic: Any
) -> None:
    query = "subscription { forever }"
    async with (
        start_router() as router,
        streamed(client, router.url, query, SSE) as events,
        streamed(client, router.url, query, PARTS) as parts,
    ):
        await events.event()
        await parts.part()
        router.server.should_exit = True
        assert b"complete" not in await events.rest()
        last = await parts.part()
        assert (last["payload"], last["errors"][0]["extensions"]["code"]) == (None, "SERVICE_UNAVAILABLE")
        assert await parts.rest() == b"--\r\n"
        assert clinic.open_streams == 0


@BOTH
async def test_none_is_opened_by_a_router_that_stops(
    serve: Any, client: Any, supergraph: Any, local: Any, accept: str
) -> None:
    app = create_app(supergraph, local, RouterSettings())
    async with serve(app) as router:
        await app.state.drain()
        body, headers = {"query": "subscription { forever }"}, {"accept": accept}
        async with client.post(f"{router.url}/graphql", json=body, headers=headers) as response:
            assert response.status == 503


class Staying:
    """Of an application, a client that stays until it is told; what it is told."""

    def __init__(self) -> None:
        self.told = b""

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(self, event: MutableMapping[str, Any]) -> None:
        self.told += event.get("body", b"")


async def test_one_that_begins_as_the_router_begins_to_stop_is_ended(clinic: Any) -> None:
    async def forever() -> AsyncGenerator[Any, None]:
        async for event in clinic.forever(None):
            yield {"data": event}

    streams, client = OpenStreams(RouterSettings()), Staying()
    response = streams.response(forever(), SubscriptionParts(), None)
    await streams.drain()
    await asyncio.wait_for(response({"type": "http"}, client.receive, client.send), 2)
    assert b"SERVICE_UNAVAILABLE" in client.told
    assert client.told.endswith(b"--\r\n")


async def test_no_more_streams_are_opened_than_are_allowed(start_router: Any, client: Any, clinic: Any) -> None:
    query = "subscription { forever }"
    async with start_router(limits=Limits(http_streams=1)) as router:
        async with streamed(client, router.url, query) as stream:
            await stream.event()
            async with streamed(client, router.url, query) as other:
                assert other.response.status == 503
                assert json.loads(await other.rest())["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
            assert len(clinic.seen) == 1
        await eventually(lambda: clinic.open_streams == 0)
        async with streamed(client, router.url, query) as stream:
            await stream.event()


class Exploding:
    """Its stream fails with what nobody expected."""

    async def execute(self, request: Any) -> Any:
        raise AssertionError(request)

    async def subscribe(self, request: Any) -> Any:
        yield {"data": {"forever": 0}}
        raise RuntimeError("a secret of the router")


@BOTH
async def test_what_is_unexpected_in_a_stream_is_masked(start_router: Any, client: Any, accept: str) -> None:
    query = "subscription { forever }"
    async with start_router(transport=Exploding()) as router, streamed(client, router.url, query, accept) as stream:
        assert await first(stream, accept) == {"data": {"forever": 0}}
        last = await stream.part() if accept == PARTS else (await stream.event())[1]
        assert last["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "secret" not in json.dumps(last)
        assert (b"complete" if accept == SSE else b"--\r\n") in await stream.rest()


class Refusing(Exploding):
    async def subscribe(self, request: Any) -> Any:
        yield {"data": {"forever": 0}}
        raise too_slow()


@BOTH
async def test_who_is_let_go_by_a_shared_stream_is_told_why(start_router: Any, client: Any, accept: str) -> None:
    query = "subscription { forever }"
    async with start_router(transport=Refusing()) as router, streamed(client, router.url, query, accept) as stream:
        assert await first(stream, accept) == {"data": {"forever": 0}}
        last = await stream.part() if accept == PARTS else (await stream.event())[1]
        assert last["errors"][0]["extensions"]["code"] == "TOO_SLOW"
