"""However large what subgraphs give, others of the loop are served meanwhile: measured with the default limits."""

import asyncio
import gc
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from router.app import create_app
from router.memory import settle_memory
from router.settings import RouterSettings
from router.supergraph import Supergraph, read_supergraph
from router.transports.session import HttpSession
from router.transports.stack import remote_transport
from router.transports.wire import decoded
from tests.router.conftest import JOIN
from tests.router.hostile import Watch

BLOCKED_SECONDS = 0.05
MOST_BYTES = 1_990_000
JUST_NOT_HEAVY = 98_000
ROOT = Path(__file__).parents[2]

SDL = """
type Query @join__type(graph: CLINIC) @join__type(graph: WARD) { items: [Item!] @join__field(graph: CLINIC) }
type Item @join__type(graph: CLINIC, key: "id") @join__type(graph: WARD, key: "id") {
  id: ID!
  beds: Int! @join__field(graph: CLINIC)
  name: String! @join__field(graph: WARD)
}
"""
GRAPHS = 'CLINIC @join__graph(name: "clinic", url: "") WARD @join__graph(name: "ward", url: "")'

Answer = Callable[[], bytes]
Ask = Callable[[str, int], Awaitable[Any]]


@pytest.fixture(scope="module", autouse=True)
def settled() -> Iterator[None]:
    """As in a router that serves."""
    settle_memory()
    yield
    gc.set_threshold(700, 10, 10)


def supergraph_sdl() -> str:
    head = JOIN.replace("  mutation: Mutation\n  subscription: Subscription\n", "")
    return head.replace('CLINIC @join__graph(name: "clinic", url: "%s")', GRAPHS) + SDL


def listed(item: bytes, most_bytes: int = MOST_BYTES) -> bytes:
    return b'{"data":{"items":[%b]}}' % b",".join([item] * ((most_bytes - 30) // (len(item) + 1)))


def items(number: int) -> bytes:
    return b'{"data":{"items":[%b]}}' % b",".join(b'{"__typename":"Item","id":"%d"}' % n for n in range(number))


def entities(item: bytes, number: int) -> bytes:
    return b'{"data":{"_entities":[%b]}}' % b",".join([item] * number)


def errors(number: int, of: int) -> bytes:
    """Of entities that are null."""
    entries = (b'{"message":"no","path":["_entities",%d,"name"]}' % n for n in range(number))
    return entities(b"null", of)[:-1] + b',"errors":[%b]}' % b",".join(entries)


@contextmanager
def serving_beside(answer: Answer) -> Iterator[str]:
    """A subgraph that answers any POST, on a loop of its own."""
    loop = asyncio.new_event_loop()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
        body = answer()
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    starting = asyncio.start_server(handle, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def asked(url: str, query: str, times: int) -> None:
    """At once, by who takes hardly any time of the processor: it is counted."""
    to, body = urlsplit(url), json.dumps({"query": query}).encode()
    head = (
        f"POST {to.path} HTTP/1.1\r\nhost: {to.netloc}\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection((to.hostname, to.port))) for _ in range(times)]
        for each in sockets:
            each.sendall(head.encode() + body)
        for each in sockets:
            while each.recv(1_000_000):
                pass


def beside(url: str) -> Ask:
    return lambda query, times: asyncio.to_thread(asked, url, query, times)


@pytest.fixture
def asking(serve: Any) -> Any:
    """`async with asking(clinic, ward) as ask:` has a router before both; who asks is beside its loop as well."""

    @asynccontextmanager
    async def starting(clinic: Answer, ward: Answer) -> AsyncIterator[Ask]:
        settings = RouterSettings()
        session = HttpSession(settings.connections)
        with serving_beside(clinic) as at_clinic, serving_beside(ward) as at_ward:
            transport = remote_transport({"clinic": at_clinic, "ward": at_ward}, settings, session, None)
            app = create_app(read_supergraph(supergraph_sdl()), transport, settings, on_shutdown=[session.aclose])
            async with serve(app, app.state.drain) as served:
                yield beside(f"{served.url}/graphql")

    return starting


async def waiting(ask: Ask, query: str, times: int = 1) -> str | None:
    """How long others waited, if too long; what seems so is asked again, as the machine may have been busy."""
    for _ in range(10):
        async with Watch() as watch:
            await ask(query, times)
        if watch.longest_seconds < BLOCKED_SECONDS:
            return None
    return f"{watch.longest_seconds:.3f} s"


OWN = "{ items { id beds } }"
COMPLETED = "{ items { id name } }"
HEAVY: Mapping[str, tuple[str, bytes, bytes]] = {
    "whole objects": (OWN, listed(b'{"id":"1","beds":1}'), b""),
    "objects under other names": ("{ items { x: id } }", listed(b'{"id":"0123456789"}'), b""),
    "objects that lack what is required": (OWN, listed(b'{"id":"0123456789"}'), b""),
    "empty objects": (OWN, listed(b"{}", 290_000), b""),
    "empty objects, just not heavy": (OWN, listed(b"{}", JUST_NOT_HEAVY), b""),
    "objects in objects": (OWN, listed(b'{"id":{}}', 490_000), b""),
    "lists in place of objects": (OWN, listed(b"[]", 290_000), b""),
    "entities": (COMPLETED, items(45_000), entities(b'{"name":"x"}', 45_000)),
    "entities that are null": (COMPLETED, items(45_000), entities(b"null", 45_000)),
    "entities that are not given": (COMPLETED, items(45_000), b'{"data":null,"errors":[{"message":"no"}]}'),
    "entities that nobody answers for": (COMPLETED, items(45_000), b"{"),
    "errors of entities": (COMPLETED, items(45_000), errors(30_000, of=45_000)),
    "errors of a few entities": (COMPLETED, items(1_000), errors(900, of=1_000)),
}


def check_let_through(*replies: bytes) -> None:
    """Raises TransportError for one that is refused unread, which costs nothing."""
    for reply in replies:
        with suppress(json.JSONDecodeError):
            decoded("clinic", reply, RouterSettings().subgraph_reply_bytes)


@pytest.mark.parametrize(("query", "clinic", "ward"), HEAVY.values(), ids=HEAVY.keys())
async def test_a_large_answer_does_not_keep_others_waiting(asking: Any, query: str, clinic: bytes, ward: bytes) -> None:
    check_let_through(clinic, ward)
    async with asking(lambda: clinic, lambda: ward) as ask:
        assert await waiting(ask, query) is None


async def test_nor_do_many_who_share_one(asking: Any) -> None:
    reply = listed(b'{"id":{}}', 490_000)
    check_let_through(reply)

    def slowly() -> bytes:
        time.sleep(0.2)
        return reply

    async with asking(slowly, bytes) as ask:
        assert await waiting(ask, OWN, times=10) is None


@pytest.fixture
def own() -> Supergraph:
    return read_supergraph((ROOT / "schema" / "supergraph.graphql").read_text())


async def test_nor_does_who_asks_for_all_of_the_schema(start_router: Any, own: Supergraph) -> None:
    types = "types { name description fields { name description args { name } } }"
    query = "{ __schema { " + " ".join(f"t{number}: {types}" for number in range(14)) + " } }"
    async with start_router(other=own) as router:
        assert await waiting(beside(router.url), query) is None


PERSON = "{ id name email createdAt updatedAt version }"
PAGE = f"{{ nodes {{ id slot end status notes reason version createdAt updatedAt doctor {PERSON} patient {PERSON} }} }}"
NEW = "query Q%d { " + " ".join(f"p{n}: appointments(first: {n}) {PAGE}" for n in range(1, 5)) + " }"


@pytest.mark.parametrize("query", [NEW, NEW.replace("version", "unknown", 1)], ids=["good", "refused"])
async def test_nor_do_many_new_documents(start_router: Any, own: Supergraph, query: str) -> None:
    numbers = count()

    async def ask(query: str, times: int) -> None:
        for _ in range(times):
            await asyncio.to_thread(asked, router.url, query % next(numbers), 1)

    async with start_router(other=own) as router:
        assert await waiting(ask, query, times=110) is None
