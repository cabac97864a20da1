"""A subgraph on a real socket that answers, dawdles or hangs up as it is told, and the rules before it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from router.settings import RouterSettings
from router.transports.base import SubgraphRequest, Transport
from router.transports.http import HttpTransport
from router.transports.session import HttpSession
from router.transports.stack import with_traffic_rules

OFF: dict[str, Any] = {
    "retries": {"most": 0},
    "breaker": {"share": 0},
    "caps": {"running": 0},
    "sharing": {"queries": False},
}


class Clinic:
    """`away` many requests from now on get no answer."""

    def __init__(self) -> None:
        self.url = ""
        self.away = 0
        self.seconds = 0.0
        self.answer: dict[str, Any] = {"data": {"hello": "world", "list": [{"id": 1}]}}
        self.asked: list[tuple[dict[str, str], Any]] = []
        self.running = self.most_running = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        headers = dict(re.findall(r"^([\w-]+): (.*)\r$", head, re.MULTILINE))
        body = orjson.loads(await reader.readexactly(int(headers["content-length"])))
        self.asked.append((headers, body))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        await self._answer(writer)

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        if self.away:
            self.away -= 1
            return
        body = orjson.dumps(self.answer)
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()


@pytest_asyncio.fixture
async def clinic(raw: Any) -> AsyncIterator[Clinic]:
    clinic = Clinic()
    async with raw(clinic.handle) as url:
        clinic.url = url
        yield clinic


@pytest.fixture
def ruled(clinic: Clinic, session: HttpSession) -> Callable[..., Transport]:
    """The transport to the clinic with the rules that are named, and no others."""

    def by(subgraph_seconds: float = 2.0, **rules: Any) -> Transport:
        settings = RouterSettings(traffic=OFF | rules, subgraph_seconds=subgraph_seconds)
        plain = HttpTransport(
            {"clinic": clinic.url, "other": clinic.url},
            session,
            seconds_of=settings.seconds_of,
            mutation_seconds=settings.mutation_seconds,
            reply_bytes=100_000,
        )
        return with_traffic_rules(plain, settings)

    return by


@pytest.fixture
def mutation() -> SubgraphRequest:
    return SubgraphRequest("clinic", "mutation { rename }", {}, is_mutation=True)


@pytest.fixture
def counted() -> Callable[..., Callable[[], float]]:
    """How much a metric has grown since it was asked for."""

    def since_now(name: str, **labels: str) -> Callable[[], float]:
        before = REGISTRY.get_sample_value(name, labels) or 0.0
        return lambda: (REGISTRY.get_sample_value(name, labels) or 0.0) - before

    return since_now
