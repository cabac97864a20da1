"""Subgraphs whose replies are none: each costs its own fields, and nothing else."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from router.__main__ import standalone
from router.reload import SupergraphFile
from router.settings import RouterSettings
from router.transports.base import TransportError
from router.transports.wire import graphql_response
from tests.router.conftest import JOIN

Handler = Callable[[asyncio.StreamWriter], Awaitable[None]]

SDL = """
type Query @join__type(graph: CLINIC) @join__type(graph: WARD) {
  hello: String @join__field(graph: CLINIC)
  well: String @join__field(graph: WARD)
}
"""


def whole(body: bytes, status: bytes = b"200 OK") -> Handler:
    async def write(writer: asyncio.StreamWriter) -> None:
        head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, len(body))
        writer.write(head + body)
        await writer.drain()

    return write


async def cut(writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"data": {"hel')
    await writer.drain()


async def dribbled(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


BAD: dict[str, Handler] = {
    "not JSON": whole(b"<h1>Bad gateway</h1>", b"502 Bad Gateway"),
    "empty": whole(b""),
    "too large": whole(b'{"data": {"hello": "%b"}}' % (b"x" * 1_000_000)),
    "too many values": whole(b'{"data": {"hello": [%b]}}' % b",".join([b"[]"] * 400_000)),
    "nested 100,000 levels": whole(b'{"data": {"hello": %b%b}}' % (b"[" * 100_000, b"]" * 100_000)),
    "nested 1,000 levels": whole(b'{"data": {"hello": %b%b}}' % (b"[" * 1_000, b"]" * 1_000)),
    "objects of 1,000 levels": whole(b'{"data": {"hello": %b1%b}}' % (b'{"hello":' * 1_000, b"}" * 1_000)),
    "errors of 1,000 levels": whole(
        b'{"data": null, "errors": [{"message": "a", "extensions": {"code": %b%b}}]}' % (b"[" * 990, b"]" * 990)
    ),
    "a path of 1,000 levels": whole(
        b'{"data": null, "errors": [{"message": "a", "path": %b%b}]}' % (b"[" * 990, b"]" * 990)
    ),
    "an integer of 5,000 digits": whole(b'{"data": {"hello": %b}}' % (b"9" * 5_000)),
    "invalid UTF-8": whole(b'{"data": {"hello": "\xff\xfe"}}'),
    "half a surrogate": whole(b'{"data": {"hello": "\\ud800"}}'),
    "cut": cut,
    "too slow": dribbled,
    "silent": silent,
}


@pytest.fixture
def serving_two(serve: Any, tmp_path: Any) -> Callable[..., Any]:
    """A router over a ward that is well and a clinic that answers as `handle` says."""

    async def subgraph(answer: Handler) -> asyncio.Server:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.readuntil(b"\r\n\r\n")
                await answer(writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        return await asyncio.start_server(handle, "127.0.0.1", 0)

    @asynccontextmanager
    async def starting(answer: Handler) -> AsyncIterator[str]:
        servers = [await subgraph(each) for each in (answer, whole(b'{"data": {"well": "very"}}'))]
        clinic, ward = (f"http://127.0.0.1:{each.sockets[0].getsockname()[1]}/" for each in servers)
        graphs = f'CLINIC @join__graph(name: "clinic", url: "{clinic}") WARD @join__graph(name: "ward", url: "{ward}")'
        head = "\n".join(line for line in JOIN.splitlines() if line.strip(" }") not in SCHEMA_LINES)
        text = head.replace('CLINIC @join__graph(name: "clinic", url: "%s")', graphs) + SDL
        path = tmp_path / "supergraph.graphql"
        path.write_text(text)
        file = SupergraphFile(path)
        settings = RouterSettings(subgraph_seconds=0.5, subgraph_reply_bytes=500_000)
        app = standalone(file.read(), file, settings)
        async with serve(app, app.state.drain) as served:
            yield f"{served.url}/graphql"
        for each in servers:
            each.close()

    return starting


SCHEMA_LINES = {"mutation: Mutation", "subscription: Subscription"}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD.keys())
async def test_a_reply_that_is_none_costs_its_own_fields(serving_two: Any, client: Any, answer: Handler) -> None:
    started = time.monotonic()
    async with serving_two(answer) as url, client.post(url, json={"query": "{ hello well }"}) as response:
        found = await response.json()
        status = response.status
    assert (status, found["data"]) == (200, {"hello": None, "well": "very"})
    assert len(found["errors"]) == 1
    assert time.monotonic() - started < 5


def test_no_reply_that_is_let_through_holds_up_everything_for_long() -> None:
    most = RouterSettings().subgraph_reply_bytes
    body = b'{"data": {"a": [%b]}}' % b",".join([b'{"a":{"b":{}}}'] * (most // 60 - 3))
    took = []
    gc.disable()
    try:
        for _ in range(3):
            started = time.thread_time()
            graphql_response("clinic", 200, body, most)
            took.append(time.thread_time() - started)
    finally:
        gc.enable()
    assert min(took) < 0.05


def test_a_reply_that_nests_too_deeply_is_refused_at_once() -> None:
    with pytest.raises(TransportError):
        graphql_response("clinic", 200, b'{"data": ' + b"[" * 100_000, 2_000_000)


def test_a_reply_of_more_objects_and_lists_than_its_bytes_are_for_is_refused_unread() -> None:
    for item in (b"[]", b"{}"):
        with pytest.raises(TransportError, match="more than 50 objects and lists"):
            graphql_response("clinic", 200, b'{"data": {"a": [%b]}}' % b",".join([item] * 50), 1_000)
        assert graphql_response("clinic", 200, b'{"data": {"a": [%b]}}' % b",".join([item] * 47), 1_000)
