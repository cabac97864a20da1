"""Queries that did not reach their subgraph are sent once more, as long as few need it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from router.metrics import RETRIES, UNRETRIED
from router.settings import Retries
from router.tracing import noted
from router.transports.base import NotAsked, SubgraphRequest, Transport, Unreachable

MOST_SAVED = 10.0


class RetryingTransport:
    """All attempts together take no longer than the subgraph may for one."""

    def __init__(self, inner: Transport, rules: Retries, seconds_of: Callable[[str], float]) -> None:
        self._inner = inner
        self._rules = rules
        self._seconds_of = seconds_of
        self._budgets: dict[str, Budget] = {}

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        if request.is_mutation:
            return await self._inner.execute(request)
        budget, started = self._budget(request.subgraph), time.monotonic()
        budget.earn()
        try:
            return await self._inner.execute(request)
        except NotAsked:
            raise
        except Unreachable as error:
            return await self._again(request, budget, started + self._seconds_of(request.subgraph), error)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        return self._inner.subscribe(request)

    async def _again(
        self, request: SubgraphRequest, budget: "Budget", deadline: float, error: Unreachable
    ) -> Mapping[str, Any]:
        for number in range(self._rules.most):
            pause = random.uniform(0, self._rules.pause_seconds * 2**number)
            if time.monotonic() + pause >= deadline or not budget.spend():
                break
            await asyncio.sleep(pause)
            RETRIES.labels(request.subgraph).inc()
            noted("hospital.retries", number + 1)
            try:
                return await self._within(deadline, request)
            except NotAsked:
                raise
            except Unreachable as again:
                error = again
        raise error

    async def _within(self, deadline: float, request: SubgraphRequest) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await self._inner.execute(request)
        except TimeoutError:
            raise Unreachable(f"{request.subgraph} did not answer in time") from None

    def _budget(self, subgraph: str) -> "Budget":
        budget = self._budgets.get(subgraph)
        if budget is None:
            budget = self._budgets[subgraph] = Budget(subgraph, self._rules)
        return budget


class Budget:
    """What may be sent again: a share of what was sent, and some each second. No more than a few are saved up."""

    def __init__(self, subgraph: str, rules: Retries, clock: Callable[[], float] = time.monotonic) -> None:
        self._subgraph = subgraph
        self._rules = rules
        self._clock = clock
        self._saved, self._at = min(MOST_SAVED, rules.a_second), clock()

    def earn(self) -> None:
        now = self._clock()
        self._saved = min(MOST_SAVED, self._saved + self._rules.share + (now - self._at) * self._rules.a_second)
        self._at = now

    def spend(self) -> bool:
        if self._saved < 1:
            UNRETRIED.labels(self._subgraph).inc()
            return False
        self._saved -= 1
        return True
