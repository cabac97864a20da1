"""Subgraphs that misbehave, each on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from router.transports.base import SubgraphRequest
from router.transports.http import HttpTransport
from router.transports.session import HttpSession

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_server(handle: Handler) -> AsyncIterator[str]:
    """Speaks bytes, so that it can speak them wrongly; gives its URL."""

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(guarded, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    finally:
        server.close()


@pytest.fixture
def raw() -> Any:
    return raw_server


@pytest.fixture
def answering() -> Callable[[bytes], Any]:
    """A server that reads one request and answers these bytes, whatever they are."""

    def with_bytes(answer: bytes) -> Any:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

        return raw_server(handle)

    return with_bytes


@pytest_asyncio.fixture
async def session() -> AsyncIterator[HttpSession]:
    session = HttpSession()
    yield session
    await session.aclose()


@pytest.fixture
def transport_to(session: HttpSession) -> Callable[..., HttpTransport]:
    def to(
        url: str, seconds: float = 2.0, reply_bytes: int = 100_000, mutation_seconds: float = 2.0, **more: Any
    ) -> HttpTransport:
        return HttpTransport(
            {"clinic": url},
            session,
            seconds_of=lambda _: seconds,
            mutation_seconds=mutation_seconds,
            reply_bytes=reply_bytes,
            **more,
        )

    return to


@pytest.fixture
def hello() -> SubgraphRequest:
    return SubgraphRequest("clinic", "{ hello }", {})
