"""A small clinic behind a router, each on a real server of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from graphql import ExecutionResult, GraphQLSchema, build_schema, parse
from graphql import execute as graphql_execute
from graphql import subscribe as graphql_subscribe
from starlette.types import ASGIApp

from router.app import create_app
from router.server import DrainingServer, server_config
from router.settings import RouterSettings
from router.supergraph import Supergraph, read_supergraph
from router.transports.base import Transport
from router.transports.local import LocalTransport

JOIN = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) {
  query: Query
  mutation: Mutation
  subscription: Subscription
}

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__field(
  graph: join__Graph
  requires: join__FieldSet
  provides: join__FieldSet
  type: String
  external: Boolean
  override: String
  usedOverridden: Boolean
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @join__type(
  graph: join__Graph!
  key: join__FieldSet
  extension: Boolean! = false
  resolvable: Boolean! = true
  isInterfaceObject: Boolean! = false
) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

scalar join__FieldSet
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { CLINIC @join__graph(name: "clinic", url: "%s") }
"""

TYPES = """
type Query {
  hello: String
  greeting(name: String!, day: Date): String
  patient(id: ID): String
  headers: [String!]
  patients(first: Int! = 20): [Patient!]
  echo(input: EchoInput): String
  fail: String
}
type Mutation { rename(name: String!): String }
type Subscription {
  ticks(count: Int): Int
  big: String
  forever: Int
  broken: Int
}
type Patient { id: ID! name: String friends(first: Int! = 20): [Patient!] seen(from: DateTime): String }
input EchoInput { day: Date, at: DateTime, amount: Decimal, hour: Time, tags: [String!], nested: EchoInput }
"""

SCALARS = ("Date", "DateTime", "Decimal", "Time")


def supergraph_sdl(url: str = "") -> str:
    joined = TYPES
    for kind in ("type", "input"):
        joined = "\n".join(
            line.replace(" {", " @join__type(graph: CLINIC) {", 1) if line.startswith(kind) else line
            for line in joined.splitlines()
        )
    scalars = "\n".join(f"scalar {name} @join__type(graph: CLINIC)" for name in SCALARS)
    return f"{JOIN % url}\n{joined}\n{scalars}\n"


class Clinic:
    """The subgraph itself, in this process; it notes what reaches it and what is ended early."""

    def __init__(self) -> None:
        scalars = "\n".join(f"scalar {name}" for name in SCALARS)
        self.schema: GraphQLSchema = build_schema(f"{TYPES}\n{scalars}")
        self.seen: list[tuple[str, Mapping[str, Any], Mapping[str, str]]] = []
        self.open_streams = 0
        self.produced = 0
        self.parting_seconds = 0.0
        self.asked = asyncio.Event()
        self.holding = asyncio.Event()
        self.holding.set()

    async def execute(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        self.seen.append((document, variables, headers))
        self.asked.set()
        await self.holding.wait()
        result = graphql_execute(
            self.schema,
            parse(document),
            self.root(headers),
            variable_values=dict(variables),
            operation_name=operation_name,
        )
        return (await result if isinstance(result, Awaitable) else result).formatted

    async def subscribe(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None, headers: Mapping[str, str]
    ) -> AsyncIterator[Mapping[str, Any]]:
        self.seen.append((document, variables, headers))
        stream = graphql_subscribe(
            self.schema,
            parse(document),
            self.root(headers),
            variable_values=dict(variables),
            operation_name=operation_name,
        )
        stream = await stream if isinstance(stream, Awaitable) else stream
        if isinstance(stream, ExecutionResult):
            yield stream.formatted
            return
        self.open_streams += 1
        try:
            async with aclosing(stream):
                async for event in stream:
                    self.produced += 1
                    yield event.formatted
        finally:
            await asyncio.sleep(self.parting_seconds)
            self.open_streams -= 1

    def root(self, headers: Mapping[str, str]) -> SimpleNamespace:
        return SimpleNamespace(
            hello="world",
            greeting=lambda _, name, day=None: f"hello {name}",
            patient=lambda _, id: f"patient {id}",
            headers=[f"{name}: {value}" for name, value in sorted(headers.items())],
            patients=lambda _, first: [SimpleNamespace(id=str(n), name=f"p{n}") for n in range(min(first, 3))],
            echo=lambda _, input=None: repr(input),
            fail=self.fail,
            rename=lambda _, name: f"renamed {name}",
            ticks=self.ticks,
            big=self.big,
            forever=self.forever,
            broken=self.broken,
        )

    def fail(self, _: Any) -> str:
        raise ValueError("the clinic's own words")

    async def ticks(self, _: Any, count: int = 3) -> AsyncIterator[dict[str, Any]]:
        for number in range(count):
            yield {"ticks": number}

    async def big(self, _: Any) -> AsyncIterator[dict[str, Any]]:
        while True:
            yield {"big": "x" * 100_000}

    async def forever(self, _: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"forever": 0}
        await asyncio.Event().wait()

    async def broken(self, _: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"broken": 0}
        raise RuntimeError("a secret of the clinic")


@asynccontextmanager
async def serving(
    app: ASGIApp, drain: Callable[[], Awaitable[None]] | None = None, **settings: Any
) -> AsyncIterator[Any]:
    """The application on a spare port; gives its `url` and the `server`."""

    async def nothing_to_drain() -> None:
        return None

    server = DrainingServer(
        server_config(app, RouterSettings(**settings), host="127.0.0.1", port=0), drain or nothing_to_drain
    )
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield SimpleNamespace(url=f"http://127.0.0.1:{port}", server=server)
    finally:
        server.should_exit = True
        await running


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


@pytest.fixture
def supergraph() -> Supergraph:
    return read_supergraph(supergraph_sdl())


@pytest.fixture
def clinic_sdl() -> Callable[[str], str]:
    return supergraph_sdl


@pytest.fixture
def local(clinic: Clinic) -> Transport:
    return LocalTransport({"clinic": clinic}, seconds_of=lambda _: 5.0)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def serve() -> Callable[..., Any]:
    return serving


@pytest.fixture
def start_router(supergraph: Supergraph, local: Transport) -> Callable[..., Any]:
    """`async with start_router(**settings) as router:` serves a router before the clinic; `router.url` is its API.

    `other` is a supergraph of the test's own.
    """

    @asynccontextmanager
    async def starting(
        *,
        token_checker: Any = None,
        mounts: Mapping[str, ASGIApp] | None = None,
        readiness: Any = None,
        transport: Transport | None = None,
        other: Supergraph | None = None,
        **settings: Any,
    ) -> AsyncIterator[Any]:
        app = create_app(
            other or supergraph,
            transport or local,
            RouterSettings(**settings),
            token_checker=token_checker,
            mounts=mounts,
            readiness=readiness,
        )
        async with serving(app, app.state.drain, **settings) as served:
            url = f"{served.url}/graphql"
            yield SimpleNamespace(base=served.url, url=url, socket=f"ws{url[4:]}", server=served.server)

    return starting
