"""Everything here holds on both loops that the router runs on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
import uvloop

from router.settings import Connections
from router.transports.base import SubgraphRequest
from router.transports.http import HttpTransport
from router.transports.session import HttpSession


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest_asyncio.fixture
async def transport_with() -> AsyncIterator[Callable[..., HttpTransport]]:
    """`transport_with(url, number=1, …)`: a transport over a session with these connections."""
    sessions: list[HttpSession] = []

    def made(url: str, seconds: float = 3.0, reply_bytes: int = 100_000, **connections: Any) -> HttpTransport:
        sessions.append(HttpSession(Connections(**connections)))
        return HttpTransport({"clinic": url}, sessions[-1], seconds_of=lambda _: seconds, reply_bytes=reply_bytes)

    yield made
    for session in sessions:
        await session.aclose()


@pytest.fixture
def mutation() -> SubgraphRequest:
    return SubgraphRequest("clinic", "mutation { hello }", {}, is_mutation=True)
