"""Answers in parts, byte by byte, over a real connection."""

import asyncio
import time
from typing import Any

import orjson
import pytest
from prometheus_client import REGISTRY

from router.app import create_app
from router.entrypoints.incremental import accepts_parts
from router.settings import Limits, RouterSettings
from router.transports.base import SubgraphRequest
from tests.router.entrypoints.test_streams import Tokens
from tests.router.executor.clinic import SUPERGRAPH, Clinic

APOLLO = "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9"
QUERY = '{ patient { id ... @defer(label: "owed") { owed } } }'


def part(body: str) -> str:
    return f"\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{body}\r\n---"


async def posted(serve: Any, client: Any, query: str, accept: str, **variables: Any) -> tuple[int, str, str]:
    app = create_app(SUPERGRAPH, Clinic(), RouterSettings())
    request = {"query": query, "variables": variables}
    async with (
        serve(app) as server,
        client.post(f"{server.url}/graphql", json=request, headers={"accept": accept}) as response,
    ):
        return response.status, response.headers["content-type"], await response.text()


async def test_the_parts_are_framed_as_clients_read_them(serve: Any, client: Any) -> None:
    status, content_type, body = await posted(serve, client, QUERY, APOLLO)

    assert (status, content_type) == (200, 'multipart/mixed; boundary="-"; deferSpec=20220824')
    assert body == (
        "\r\n---"
        + part('{"data":{"patient":{"id":"p1"}},"hasNext":true}')
        + part('{"incremental":[{"data":{"owed":1},"path":["patient"],"label":"owed"}],"hasNext":false}')
        + "--\r\n"
    )


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "multipart/mixed;subscriptionSpec=1.0;q=0.5, application/json"]
)
async def test_who_does_not_read_parts_is_told_all_at_once(serve: Any, client: Any, accept: str) -> None:
    status, content_type, body = await posted(serve, client, QUERY, accept)

    assert (status, content_type) == (200, "application/json; charset=utf-8")
    assert orjson.loads(body) == {"data": {"patient": {"id": "p1", "owed": 1}}}


async def test_what_a_variable_does_not_defer_is_a_plain_answer(serve: Any, client: Any) -> None:
    query = "query($later: Boolean!) { patient { id ... @defer(if: $later) { owed } } }"

    _, plain, whole = await posted(serve, client, query, APOLLO, later=False)
    _, mixed, _ = await posted(serve, client, query, APOLLO, later=True)

    assert plain == "application/graphql-response+json; charset=utf-8"
    assert orjson.loads(whole) == {"data": {"patient": {"id": "p1", "owed": 1}}}
    assert mixed.startswith("multipart/mixed")


async def test_what_has_nothing_to_follow_is_a_plain_answer(serve: Any, client: Any) -> None:
    query = "{ patient { id ... @defer @skip(if: true) { owed } } }"

    _, content_type, body = await posted(serve, client, query, APOLLO)

    assert content_type == "application/graphql-response+json; charset=utf-8"
    assert orjson.loads(body) == {"data": {"patient": {"id": "p1"}}}


async def test_the_first_part_is_there_before_the_others_are_fetched(serve: Any, client: Any) -> None:
    held = asyncio.Event()

    async def delay(request: SubgraphRequest) -> None:
        if request.subgraph == "b":
            await held.wait()

    app = create_app(SUPERGRAPH, Clinic(delay), RouterSettings())
    async with (
        asyncio.timeout(10),
        serve(app) as server,
        client.post(f"{server.url}/graphql", json={"query": QUERY}, headers={"accept": APOLLO}) as response,
    ):
        first = await response.content.readuntil(b"}\r\n---")
        held.set()
        rest = await response.content.read()

    assert b'"hasNext":true' in first
    assert b'"hasNext":false' in rest


async def test_a_client_that_goes_away_ends_what_runs_for_it(serve: Any, client: Any) -> None:
    async def delay(request: SubgraphRequest) -> None:
        if request.subgraph == "b":
            await asyncio.Event().wait()

    clinic = Clinic(delay)
    async with asyncio.timeout(10), serve(create_app(SUPERGRAPH, clinic, RouterSettings())) as server:
        response = await client.post(f"{server.url}/graphql", json={"query": QUERY}, headers={"accept": APOLLO})
        await response.content.readuntil(b"}\r\n---")
        response.close()
        while not clinic.ended:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    assert clinic.ended == ["b"]


async def test_what_fails_unforeseen_ends_the_parts_with_an_error(serve: Any, client: Any) -> None:
    async def delay(request: SubgraphRequest) -> None:
        if request.subgraph == "b":
            raise RuntimeError("a secret of the router")

    app = create_app(SUPERGRAPH, Clinic(delay), RouterSettings())
    async with (
        serve(app) as server,
        client.post(f"{server.url}/graphql", json={"query": QUERY}, headers={"accept": APOLLO}) as response,
    ):
        body = await response.text()

    assert '"hasNext":false}\r\n-----\r\n' in body
    assert "INTERNAL_SERVER_ERROR" in body
    assert "secret" not in body


@pytest.mark.parametrize(
    "query",
    [
        "mutation { ... @defer { admit { id } } }",
        '{ patient { ... @defer(label: "x") { owed } ... @defer(label: "x") { name } } }',
        "query($x: String) { patient { ... @defer(label: $x) { owed } } }",
    ],
    ids=["root of a mutation", "label twice", "label by variable"],
)
async def test_it_refuses_what_may_not_be_deferred(serve: Any, client: Any, query: str) -> None:
    status, _, body = await posted(serve, client, query, APOLLO)

    assert status == 400
    assert orjson.loads(body)["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_it_refuses_too_many_deferred_parts(serve: Any, client: Any) -> None:
    query = "{ patient { ...F ...F } } fragment F on Patient { ... @defer { owed } ... @defer { name } }"
    app = create_app(SUPERGRAPH, Clinic(), RouterSettings(limits=Limits(deferred_parts=3)))
    async with serve(app) as server, client.post(f"{server.url}/graphql", json={"query": query}) as response:
        body = await response.json()

    assert "more than 3 deferred parts" in body["errors"][0]["message"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, False),
        ("*/*", False),
        ("multipart/*", False),
        ("multipart/mixed", True),
        ("application/json, Multipart/Mixed; deferSpec=20220824", True),
        ("multipart/mixed;deferSpec=20220824;q=0", False),
        ("multipart/mixed;deferSpec=20300101", False),
        ("multipart/mixed;subscriptionSpec=1.0", False),
        ("multipart/mixed;subscriptionSpec=1.0, multipart/mixed;deferSpec=20220824", True),
    ],
)
def test_parts_are_for_who_names_them(accept: str | None, expected: bool) -> None:
    assert accepts_parts(accept) is expected


class Held:
    """A clinic of which subgraph b waits until it is let go."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.clinic = Clinic(self._delay)

    async def _delay(self, request: SubgraphRequest) -> None:
        if request.subgraph == "b":
            await self.free.wait()

    def asked(self, client: Any, router: Any, **headers: str) -> Any:
        return client.post(router.url, json={"query": QUERY}, headers={"accept": APOLLO, **headers})


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def start_clinic(start_router: Any, held: Held) -> Any:
    return lambda **options: start_router(transport=held.clinic, other=SUPERGRAPH, **options)


async def begun(response: Any) -> bytes:
    return await response.content.readuntil(b"}\r\n---")


async def test_where_no_more_streams_are_opened_the_answer_is_whole(start_clinic: Any, client: Any, held: Held) -> None:
    async with start_clinic(limits=Limits(http_streams=1)) as router, held.asked(client, router) as response:
        await begun(response)
        held.free.set()
        async with held.asked(client, router) as other:
            assert await other.json() == {"data": {"patient": {"id": "p1", "owed": 1}}}


async def test_a_token_that_ends_ends_the_parts(start_clinic: Any, client: Any, held: Held) -> None:
    bearer = f"Bearer until-{time.time() + 0.5}"
    async with (
        start_clinic(token_checker=Tokens()) as router,
        held.asked(client, router, authorization=bearer) as response,
    ):
        body = await response.text()
    assert '"code":"UNAUTHENTICATED"' in body
    assert body.endswith('"hasNext":false}\r\n-----\r\n')
    assert held.clinic.ended == ["b"]


async def test_a_router_that_stops_tells_an_answer_to_its_end(start_clinic: Any, client: Any, held: Held) -> None:
    async with start_clinic() as router, held.asked(client, router) as response:
        await begun(response)
        router.server.should_exit = True
        asyncio.get_running_loop().call_later(0.3, held.free.set)
        assert b'"owed":1' in await response.content.read()


async def test_an_answer_that_takes_longer_than_a_router_drains_is_ended_in_order(
    start_clinic: Any, client: Any, held: Held
) -> None:
    async with start_clinic(drain_seconds=1) as router, held.asked(client, router) as response:
        await begun(response)
        router.server.should_exit = True
        rest = await response.content.read()
    assert b'"code":"SERVICE_UNAVAILABLE"' in rest
    assert rest.endswith(b'"hasNext":false}\r\n-----\r\n')


async def test_an_answer_in_parts_is_no_subscription(start_clinic: Any, client: Any, held: Held) -> None:
    open_before = subscriptions()
    async with start_clinic() as router, held.asked(client, router) as response:
        await begun(response)
        assert subscriptions() == open_before
        held.free.set()
        await response.read()


def subscriptions() -> float | None:
    return REGISTRY.get_sample_value("hospital_subscriptions")
