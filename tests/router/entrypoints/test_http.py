"""GraphQL over HTTP, by a client over a real connection."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from router.app import create_app
from router.settings import Limits, RouterSettings
from tests.router.planner.plans import supergraph_of
from tests.router.planner.trees import TREES

RESPONSE_JSON = "application/graphql-response+json"


async def post(client: Any, url: str, query: Any, **more: Any) -> tuple[int, Any, Any]:
    async with client.post(url, json={"query": query, **more}, headers={"accept": RESPONSE_JSON}) as response:
        return response.status, await response.json(content_type=None), response.headers


def code(body: Any) -> str:
    return str(body["errors"][0]["extensions"]["code"])


async def test_it_answers_a_query(start_router: Any, client: Any) -> None:
    async with start_router() as router:
        status, body, headers = await post(client, router.url, "{ hello }")
    assert (status, body) == (200, {"data": {"hello": "world"}})
    assert headers["content-type"] == f"{RESPONSE_JSON}; charset=utf-8"


async def test_it_answers_a_query_by_get(start_router: Any, client: Any) -> None:
    parameters = {"query": "query G($n: String!) { greeting(name: $n) }", "variables": '{"n": "Ada"}'}
    async with start_router() as router, client.get(router.url, params=parameters) as response:
        assert await response.json() == {"data": {"greeting": "hello Ada"}}


async def test_it_refuses_a_mutation_by_get(start_router: Any, client: Any, clinic: Any) -> None:
    parameters = {"query": 'mutation { rename(name: "x") }'}
    async with start_router() as router, client.get(router.url, params=parameters) as response:
        assert response.status == 405
        assert response.headers["allow"] == "POST"
        assert "data" not in await response.json()
    assert clinic.seen == []


async def test_it_refuses_other_methods(start_router: Any, client: Any) -> None:
    async with start_router() as router, client.put(router.url, json={"query": "{ hello }"}) as response:
        assert response.status == 405
        assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "body",
    [b"null", b"1", b'"x"', b"[" * 100_000, b"1" * 5_000, b"\xff\xfe", b"", b"{", b'{"query": 1}', b"[{}]", b"{}"],
    ids=["null", "number", "string", "brackets", "digits", "utf-8", "empty", "cut", "typed", "batch", "bare"],
)
async def test_it_refuses_a_body_that_is_no_request(start_router: Any, client: Any, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    async with start_router() as router, client.post(router.url, data=body, headers=headers) as response:
        assert response.status == 400
        assert code(await response.json()) == "BAD_USER_INPUT"


@pytest.mark.parametrize(("accept", "expected"), [(RESPONSE_JSON, 400), ("application/json", 200)])
async def test_what_cannot_be_planned_is_a_refusal(
    local: Any, serve: Any, client: Any, accept: str, expected: int
) -> None:
    settings = RouterSettings(limits=Limits(depth=1_000))
    app = create_app(supergraph_of(TREES), local, settings)
    query = "{ tree " + "{ left " * 90 + "{ id }" + " }" * 91
    async with (
        serve(app) as server,
        client.post(f"{server.url}/graphql", json={"query": query}, headers={"accept": accept}) as response,
    ):
        body = await response.json(content_type=None)
    assert (response.status, code(body), "data" in body) == (expected, "GRAPHQL_VALIDATION_FAILED", False)


async def test_it_refuses_a_batch_by_name(start_router: Any, client: Any) -> None:
    async with start_router() as router, client.post(router.url, json=[{"query": "{ hello }"}]) as response:
        assert "Batching" in (await response.json())["errors"][0]["message"]


@pytest.mark.parametrize("size", [1_000_001, 1_050_000, 1_100_000, 1_200_000, 10_000_000])
async def test_it_refuses_more_than_a_megabyte(start_router: Any, client: Any, size: int) -> None:
    """Also where the piece that is too much is the last one."""
    headers = {"content-type": "application/json"}
    async with start_router() as router, client.post(router.url, data=b"x" * size, headers=headers) as response:
        assert response.status == 413


async def test_it_refuses_more_than_a_megabyte_in_pieces(start_router: Any, client: Any) -> None:
    async def pieces() -> Any:
        for _ in range(21):
            yield b"x" * 50_000

    headers = {"content-type": "application/json"}
    async with start_router() as router, client.post(router.url, data=pieces(), headers=headers) as response:
        assert response.status == 413


async def test_it_refuses_a_body_that_never_ends(start_router: Any, client: Any) -> None:
    async def slowly() -> Any:
        yield b'{"query":'
        await asyncio.sleep(5)
        yield b'"{ hello }"}'

    headers = {"content-type": "application/json"}
    async with (
        start_router(body_seconds=0.2) as router,
        client.post(router.url, data=slowly(), headers=headers) as response,
    ):
        assert response.status == 408


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_it_refuses_what_a_form_of_another_site_can_send(
    start_router: Any, client: Any, clinic: Any, content_type: str
) -> None:
    body, headers = json.dumps({"query": "{ hello }"}), {"content-type": content_type}
    async with start_router() as router, client.post(router.url, data=body, headers=headers) as response:
        assert response.status == 415
    assert clinic.seen == []


async def test_a_body_that_is_packed_is_refused_as_that(start_router: Any, client: Any) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    async with (
        start_router() as router,
        client.post(router.url, data=gzip.compress(b'{"query": "{ hello }"}'), headers=headers) as response,
    ):
        assert response.status == 415
        assert "Content-Encoding" in (await response.json())["errors"][0]["message"]


async def test_it_refuses_variables_nested_too_deeply_or_too_many(start_router: Any, client: Any) -> None:
    deep: Any = {}
    for _ in range(40):
        deep = {"nested": deep}
    async with start_router() as router:
        for variables in ({"input": deep}, {"input": {"tags": ["x"] * 6_000}}):
            status, body, _ = await post(
                client, router.url, "query Q($input: EchoInput) { echo(input: $input) }", variables=variables
            )
            assert (status, code(body)) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "BAD_USER_INPUT"),
        ("query Q($n: String!) { greeting(name: $n) }", "BAD_USER_INPUT"),
        ('{ greeting(name: "x", day: "soon") }', "BAD_USER_INPUT"),
    ],
)
async def test_every_refusal_has_its_code(start_router: Any, client: Any, query: str, expected: str) -> None:
    async with start_router() as router:
        status, body, _ = await post(client, router.url, query)
        assert (status, code(body)) == (400, expected)
        assert "data" not in body
        async with client.post(router.url, json={"query": query}) as response:
            assert (response.status, code(await response.json())) == (200, expected)


async def test_it_refuses_who_accepts_nothing_it_speaks(start_router: Any, client: Any) -> None:
    async with (
        start_router() as router,
        client.post(router.url, json={"query": "{ hello }"}, headers={"accept": "image/png"}) as response,
    ):
        assert response.status == 406


async def test_it_says_where_subscriptions_are_served(start_router: Any, client: Any) -> None:
    async with start_router() as router:
        status, body, _ = await post(client, router.url, "subscription { ticks }")
    assert status == 406
    assert "WebSocket" in body["errors"][0]["message"]


async def test_it_forwards_allowed_headers_alone(start_router: Any, client: Any) -> None:
    sent = {
        "Authorization": "Bearer x",
        "traceparent": "00-1-2-3",
        "x-request-id": "r-1",
        "cookie": "s=1",
        "x-admin": "1",
    }
    async with (
        start_router() as router,
        client.post(router.url, json={"query": "{ headers }"}, headers=sent) as response,
    ):
        body = await response.json()
        assert response.headers["x-request-id"] == "r-1"
    assert body["data"]["headers"] == ["authorization: Bearer x", "traceparent: 00-1-2-3", "x-request-id: r-1"]


async def test_it_makes_a_request_id_where_none_or_an_odd_one_came(start_router: Any, client: Any) -> None:
    async with (
        start_router() as router,
        client.post(router.url, json={"query": "{ headers }"}, headers={"x-request-id": "<odd>"}) as response,
    ):
        assert len(response.headers["x-request-id"]) == 32


async def test_what_is_unexpected_is_masked(start_router: Any, client: Any, clinic: Any, monkeypatch: Any) -> None:
    def explode(*_: Any) -> None:
        raise RuntimeError("a secret of the router")

    monkeypatch.setattr("router.pipeline.execute", explode)
    async with start_router() as router:
        status, body, _ = await post(client, router.url, "{ hello }")
    assert status == 500
    assert code(body) == "INTERNAL_SERVER_ERROR"
    assert len(body["errors"][0]["extensions"]["errorId"]) == 32
    assert "secret" not in json.dumps(body)


async def test_absent_variables_stay_absent_and_values_stay_as_sent(
    start_router: Any, client: Any, clinic: Any
) -> None:
    query = 'query Q($a: String!, $d: Date, $n: String = "x") { greeting(name: $a, day: $d) other: greeting(name: $n) }'
    async with start_router() as router:
        status, body, _ = await post(
            client, router.url, query.replace("$n: String =", "$n: String! ="), variables={"a": "Ada", "unknown": 1}
        )
    assert (status, "errors" in body) == (200, False)
    values = {name: value for _, variables, _ in clinic.seen for name, value in variables.items()}
    assert "d" not in values
    assert "unknown" not in values
    assert set(values.values()) == {"Ada"}
    assert body["data"]["other"] == "hello x"


async def test_unknown_paths_are_a_plain_404(start_router: Any, client: Any) -> None:
    async with start_router() as router:
        for path in ("/", "/graphql/", "/nothing", "//graphql", "/graphql;/x", "/graphql%2f..", "/healthz/.."):
            async with client.get(f"{router.base}{path}") as response:
                assert response.status == 404, path
                assert response.content_type == "application/json"


@pytest.mark.parametrize(
    "given",
    [{"day": "2026-01-01", "dya": "s3cret"}, {"tags": [53274]}, "s3cret", {"nested": "found: s3cret"}],
    ids=str,
)
async def test_what_was_sent_is_not_told_back(start_router: Any, client: Any, given: Any) -> None:
    query = "query E($given: EchoInput) { echo(input: $given) }"
    async with start_router() as router:
        status, body, _ = await post(client, router.url, query, variables={"given": given})
    assert (status, code(body)) == (400, "BAD_USER_INPUT")
    assert "s3cret" not in json.dumps(body)
    assert "53274" not in json.dumps(body)
    assert "$given" in body["errors"][0]["message"]


async def test_a_client_that_sends_too_much_gets_to_read_why(start_router: Any) -> None:
    """One that first sends all, and then reads."""
    async with start_router() as router:
        port = int(router.url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10000000\r\n\r\n"
        writer.write(head.encode() + b" " * 10_000_000)
        await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
        writer.close()
