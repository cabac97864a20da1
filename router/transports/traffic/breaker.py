"""A subgraph that is not reached is left alone for a while, so that nobody waits for it in vain.

closed --too many failures--> open --some seconds--> half open --one request answered--> closed
                               ^-----------------------not reached----'
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from enum import IntEnum
from typing import Any

import structlog

from router.metrics import BREAKER, NOT_ASKED
from router.settings import Breaker
from router.transports.base import NotAsked, SubgraphRequest, Transport, TransportError, Unreachable

log = structlog.get_logger()


class State(IntEnum):
    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class BreakingTransport:
    """A reply that is no GraphQL closes it: who sent the request may have brought that about, and others have not."""

    def __init__(self, inner: Transport, rules: Breaker) -> None:
        self._inner = inner
        self._rules = rules
        self._circuits: dict[str, Circuit] = {}

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        circuit = self._circuit(request.subgraph)
        tries = circuit.enter()
        reached: bool | None = None
        try:
            reply = await self._inner.execute(request)
            reached = True
            return reply
        except TransportError as error:
            reached = None if isinstance(error, NotAsked) else not isinstance(error, Unreachable)
            raise
        finally:
            circuit.leave(tries, reached)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        try:
            self._circuit(request.subgraph).refuse_if_open()
        except NotAsked as refusal:
            return broken_off(refusal)
        return self._inner.subscribe(request)

    def _circuit(self, subgraph: str) -> "Circuit":
        circuit = self._circuits.get(subgraph)
        if circuit is None:
            circuit = self._circuits[subgraph] = Circuit(subgraph, self._rules)
        return circuit


async def broken_off(why: NotAsked) -> AsyncIterator[Mapping[str, Any]]:
    """A stream that ends by this before its first event."""
    raise why
    yield


class Circuit:
    """Requests are counted in two halves of the window, of which the older is forgotten as a whole."""

    def __init__(self, subgraph: str, rules: Breaker, clock: Callable[[], float] = time.monotonic) -> None:
        self.state = State.CLOSED
        self._subgraph = subgraph
        self._rules = rules
        self._clock = clock
        self._opened_at, self._half_ends = 0.0, 0.0
        self._asked, self._failed, self._before = 0, 0, (0, 0)
        BREAKER.labels(subgraph).set(State.CLOSED)

    def enter(self) -> bool:
        """Whether this is the request that tries an open one. Raises NotAsked."""
        if self.state is State.CLOSED:
            return False
        self.refuse_if_open()
        if self.state is State.HALF_OPEN:
            self._refuse()
        self._turn(State.HALF_OPEN)
        return True

    def leave(self, tries: bool, reached: bool | None) -> None:
        """None for what says nothing of the subgraph."""
        if tries:
            self._tried(reached)
        elif self.state is State.CLOSED and reached is not None:
            self._count(reached)

    def refuse_if_open(self) -> None:
        if self.state is State.OPEN and self._clock() < self._opened_at + self._rules.open_seconds:
            self._refuse()

    def _refuse(self) -> None:
        NOT_ASKED.labels(self._subgraph, "left alone").inc()
        raise NotAsked(f"{self._subgraph} was not reached lately and is left alone")

    def _tried(self, reached: bool | None) -> None:
        if reached:
            self._turn(State.CLOSED)
        else:
            if reached is False:
                self._opened_at = self._clock()
            self._turn(State.OPEN)

    def _count(self, reached: bool) -> None:
        now = self._clock()
        if now >= self._half_ends:
            gone = now >= self._half_ends + self._rules.window_seconds / 2
            self._before = (0, 0) if gone else (self._asked, self._failed)
            self._asked = self._failed = 0
            self._half_ends = now + self._rules.window_seconds / 2
        self._asked += 1
        if not reached:
            self._failed += 1
            self._open_if_too_many()

    def _open_if_too_many(self) -> None:
        asked, failed = self._asked + self._before[0], self._failed + self._before[1]
        if asked >= self._rules.requests and failed >= asked * self._rules.share:
            self._opened_at = self._clock()
            self._turn(State.OPEN)

    def _turn(self, state: State) -> None:
        if state is State.CLOSED:
            self._asked, self._failed, self._before = 0, 0, (0, 0)
        before, self.state = self.state, state
        BREAKER.labels(self._subgraph).set(state)
        log.warning("a subgraph's breaker turned", subgraph=self._subgraph, before=before.name, now=state.name)
