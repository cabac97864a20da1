"""A subgraph is given no more requests at a time than it is said to bear; a slow one does not take all there is."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from router.metrics import ASKING, NOT_ASKED, WAITING
from router.settings import Caps
from router.transports.base import NotAsked, SubgraphRequest, Transport


class CappedTransport:
    def __init__(self, inner: Transport, rules: Caps) -> None:
        self._inner = inner
        self._rules = rules
        self._lines: dict[str, Line] = {}

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        line = self._line(request.subgraph)
        if line is None:
            return await self._inner.execute(request)
        await line.enter()
        try:
            return await self._inner.execute(request)
        finally:
            line.leave()

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        return self._inner.subscribe(request)

    def _line(self, subgraph: str) -> "Line | None":
        line = self._lines.get(subgraph)
        if line is None and (running := self._rules.running_of(subgraph)):
            line = self._lines[subgraph] = Line(subgraph, running, self._rules)
        return line


class Line:
    """Who came first is first."""

    def __init__(self, subgraph: str, running: int, rules: Caps) -> None:
        self._subgraph = subgraph
        self._rules = rules
        self._places = asyncio.Semaphore(running)
        self._waiting = 0
        self._asking_gauge, self._waiting_gauge = ASKING.labels(subgraph), WAITING.labels(subgraph)

    async def enter(self) -> None:
        """Raises NotAsked."""
        await (self._wait() if self._places.locked() else self._places.acquire())
        self._asking_gauge.inc()

    def leave(self) -> None:
        self._asking_gauge.dec()
        self._places.release()

    async def _wait(self) -> None:
        if self._waiting >= self._rules.waiting:
            raise self._refused("too many wait")
        self._waiting += 1
        self._waiting_gauge.inc()
        try:
            async with asyncio.timeout(self._rules.wait_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise self._refused("waited too long") from None
        finally:
            self._waiting -= 1
            self._waiting_gauge.dec()

    def _refused(self, reason: str) -> NotAsked:
        NOT_ASKED.labels(self._subgraph, reason).inc()
        return NotAsked(f"{self._subgraph} is busy: {reason}")
