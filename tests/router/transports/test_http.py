"""GraphQL over HTTP to subgraphs that answer well, badly, or not at all."""

import asyncio
import time
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from router.transports.base import SubgraphRequest, TransportError, Unreachable

GOOD = {"data": {"hello": "world"}}


def subgraph(answer: Any) -> Starlette:
    async def graphql(request: Request) -> Response:
        await request.body()
        return await answer(request) if asyncio.iscoroutinefunction(answer) else answer

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])


def reply(status: bytes, body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, *headers, b"", body))


async def test_it_sends_a_request_and_gives_the_answer(serve: Any, transport_to: Any) -> None:
    seen: list[Any] = []

    async def note(request: Request) -> Response:
        seen.append((await request.json(), request.headers))
        return JSONResponse({**GOOD, "extensions": {"a": 1}})

    request = SubgraphRequest("clinic", "query Q($n: Int) { a }", {"n": None}, "Q", {"authorization": "Bearer x"})
    async with serve(subgraph(note)) as server:
        answer = await transport_to(f"{server.url}/graphql").execute(request)
    body, headers = seen[0]
    assert answer == {**GOOD, "extensions": {"a": 1}}
    assert body == {"query": "query Q($n: Int) { a }", "variables": {"n": None}, "operationName": "Q"}
    assert headers["authorization"] == "Bearer x"
    assert headers["content-type"] == "application/json"
    assert "application/graphql-response+json" in headers["accept"]
    assert "cookie" not in headers


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_a_graphql_answer_counts_whatever_its_status(
    serve: Any, transport_to: Any, hello: Any, status: int
) -> None:
    answer = {"errors": [{"message": "no"}]}
    async with serve(subgraph(JSONResponse(answer, status))) as server:
        assert await transport_to(f"{server.url}/graphql").execute(hello) == answer


@pytest.mark.parametrize(
    "answer",
    [
        Response("<h1>No such page</h1>", 404),
        Response("<h1>It broke</h1>", 500),
        Response("", 200),
        Response("{", 200),
        Response(b"\xff", 200),
        Response("[" * 100_000, 200),
        JSONResponse([]),
        JSONResponse(None),
        JSONResponse({}),
        JSONResponse({"message": "not found"}, 404),
        JSONResponse({"data": None}),
        JSONResponse({"data": []}),
        JSONResponse({"data": None, "errors": []}),
        JSONResponse({"data": None, "errors": "x"}),
        JSONResponse({"data": None, "errors": [1]}),
        RedirectResponse("http://127.0.0.1:9/graphql"),
    ],
)
async def test_what_is_not_graphql_is_a_transport_error(
    serve: Any, transport_to: Any, hello: Any, answer: Response
) -> None:
    async with serve(subgraph(answer)) as server:
        with pytest.raises(TransportError) as refused:
            await transport_to(f"{server.url}/graphql").execute(hello)
    assert not isinstance(refused.value, Unreachable)


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("body", ["<h1>Bad gateway</h1>", "", '{"message": "no healthy upstream"}', "[]"])
async def test_a_gateway_that_does_not_reach_the_subgraph_counts_as_that(
    serve: Any, transport_to: Any, hello: Any, status: int, body: str
) -> None:
    async with serve(subgraph(Response(body, status))) as server:
        with pytest.raises(Unreachable, match=str(status)):
            await transport_to(f"{server.url}/graphql").execute(hello)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        reply(b"200 OK", b'{"data": {"hel', b"content-length: 500"),
        reply(b"200 OK", b'5\r\n{"dat', b"transfer-encoding: chunked"),
        reply(b"200 OK", b"not gzip", b"content-encoding: gzip", b"content-length: 8"),
    ],
    ids=["nothing", "no HTTP", "cut", "cut in a chunk", "bad gzip"],
)
async def test_a_reply_that_breaks_off_is_a_transport_error(
    answering: Any, transport_to: Any, hello: Any, answer: bytes
) -> None:
    async with answering(answer) as url:
        with pytest.raises(TransportError):
            await transport_to(url).execute(hello)


async def test_a_subgraph_that_is_not_there_is_a_transport_error(transport_to: Any, hello: Any) -> None:
    with pytest.raises(Unreachable, match="clinic cannot be reached"):
        await transport_to("http://127.0.0.1:9/graphql").execute(hello)


async def test_a_subgraph_without_a_url_is_a_transport_error(transport_to: Any) -> None:
    with pytest.raises(TransportError, match="no URL"):
        await transport_to("http://127.0.0.1:9/").execute(SubgraphRequest("other", "{ a }", {}))


async def test_a_value_that_json_cannot_carry_is_a_transport_error(serve: Any, transport_to: Any) -> None:
    request = SubgraphRequest("clinic", "query Q($of: [_Any!]!) { a }", {"of": [{"id": 10**20}]})
    async with serve(subgraph(JSONResponse(GOOD))) as server:
        with pytest.raises(TransportError, match="clinic cannot be asked with such values"):
            await transport_to(f"{server.url}/graphql").execute(request)


async def test_it_waits_no_longer_than_it_may(raw: Any, transport_to: Any, hello: Any) -> None:
    async def dribble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"200 OK", b"", b"content-length: 1000"))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    started = time.monotonic()
    async with raw(dribble) as url:
        with pytest.raises(Unreachable, match="in time"):
            await transport_to(url, seconds=0.3).execute(hello)
    assert time.monotonic() - started < 1


async def test_a_mutation_is_waited_for_longer(serve: Any, transport_to: Any) -> None:
    async def slowly(_: Request) -> Response:
        await asyncio.sleep(0.3)
        return JSONResponse(GOOD)

    mutation = SubgraphRequest("clinic", "mutation { hello }", {}, is_mutation=True)
    async with serve(subgraph(slowly)) as server:
        url = f"{server.url}/graphql"
        assert await transport_to(url, seconds=0.1).execute(mutation) == GOOD
        with pytest.raises(TransportError, match="in time"):
            await transport_to(url, mutation_seconds=0.1).execute(mutation)


async def test_a_reply_larger_than_allowed_is_not_read_to_its_end(raw: Any, transport_to: Any, hello: Any) -> None:
    written = 0

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(reply(b"200 OK", b"", b"content-length: 1000000000"))
        while True:
            writer.write(b" " * 100_000)
            await writer.drain()
            written += 100_000

    async with raw(endless) as url:
        with pytest.raises(TransportError, match="more than 100000 bytes"):
            await transport_to(url).execute(hello)
    assert written < 20_000_000


async def test_connections_are_kept_and_replaced_when_lost(raw: Any, transport_to: Any, hello: Any) -> None:
    connections = 0

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(reply(b"200 OK", b'{"data":{}}', b"content-length: 11"))
        await writer.drain()

    async with raw(twice) as url:
        transport = transport_to(url)
        for _ in range(4):
            assert await transport.execute(hello) == {"data": {}}
            await asyncio.sleep(0.05)
    assert connections == 2


async def test_no_cookie_of_a_subgraph_is_kept(serve: Any, transport_to: Any, hello: Any) -> None:
    cookies: list[Any] = []

    async def sticky(request: Request) -> Response:
        cookies.append(request.headers.get("cookie"))
        response = JSONResponse(GOOD)
        response.set_cookie("patient", "1")
        return response

    async with serve(subgraph(sticky)) as server:
        transport = transport_to(f"{server.url.replace('127.0.0.1', 'localhost')}/graphql")
        for _ in range(2):
            await transport.execute(hello)
    assert cookies == [None, None]
