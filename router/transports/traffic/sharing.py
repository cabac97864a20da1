"""Equal queries that are sent at the same time are sent as one, and each gets a copy of its answer."""

import asyncio
import marshal
from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson

from router.metrics import SHARED
from router.settings import Sharing
from router.tracing import noted
from router.transports.base import Load, SubgraphRequest, Transport, TransportError

Reply = Mapping[str, Any]
Ending = bytes | TransportError | None


class Flight:
    """A query that was sent; `followers` wait for its answer, packed, or for None when whoever sent it gave up."""

    __slots__ = ("_identity", "_other_headers", "_request", "followers")

    def __init__(self, request: SubgraphRequest, other_headers: frozenset[str]) -> None:
        self.followers: list[asyncio.Future[Ending]] = []
        self._request = request
        self._other_headers = other_headers
        self._identity: bytes | None = None

    def is_equal(self, other: "Flight") -> bool:
        return self.identity() == other.identity()

    def identity(self) -> bytes:
        """Made when a second query of the same document comes, and not before: most never see one."""
        if self._identity is None:
            headers = {n: v for n, v in self._request.headers.items() if n not in self._other_headers}
            parts = (self._request.operation_name, self._request.variables, headers)
            self._identity = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
        return self._identity

    async def follow(self, load: Load) -> Reply | None:
        follower: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.followers.append(follower)
        ending = await follower
        if isinstance(ending, TransportError):
            raise ending
        if ending is None:
            return None
        load.bytes += len(ending)
        reply: Reply = await load.step(marshal.loads, ending)
        return reply

    def waiting(self) -> list[asyncio.Future[Ending]]:
        return [follower for follower in self.followers if not follower.done()]

    async def landed(self, reply: Reply) -> None:
        if self.waiting():
            packed: bytes = await self._request.load.step(marshal.dumps, dict(reply))
            for follower in self.waiting():
                follower.set_result(packed)

    def failed(self, error: TransportError) -> None:
        for follower in self.waiting():
            follower.set_result(type(error)(*error.args))

    def abandoned(self) -> None:
        for follower in self.waiting():
            follower.set_result(None)


class SharingTransport:
    """Takers change what they are given, so each gets objects of its own.

    What began before a mutation ended is not shared with what begins after it: who changed something reads it.
    """

    def __init__(self, inner: Transport, rules: Sharing) -> None:
        self._inner = inner
        self._other_headers = frozenset(rules.other_headers)
        self._flights: dict[tuple[str, str], list[Flight]] = {}

    async def execute(self, request: SubgraphRequest) -> Reply:
        if request.is_mutation:
            return await self._mutate(request)
        own = Flight(request, self._other_headers)
        while flight := self._equal(request, own):
            reply = await flight.follow(request.load)
            if reply is not None:
                SHARED.labels(request.subgraph).inc()
                noted("hospital.shared", True)
                return reply
        return await self._lead(request, own)

    def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Reply]:
        return self._inner.subscribe(request)

    async def _mutate(self, request: SubgraphRequest) -> Reply:
        try:
            return await self._inner.execute(request)
        finally:
            self._flights.clear()

    def _equal(self, request: SubgraphRequest, own: Flight) -> Flight | None:
        """None as well for values that JSON cannot carry: the transport refuses them."""
        flights = self._flights.get((request.subgraph, request.document))
        try:
            return next((flight for flight in flights if flight.is_equal(own)), None) if flights else None
        except TypeError:
            return None

    async def _lead(self, request: SubgraphRequest, own: Flight) -> Reply:
        key = request.subgraph, request.document
        flights = self._flights.setdefault(key, [])
        flights.append(own)
        try:
            reply = await self._inner.execute(request)
            await own.landed(reply)
            return reply
        except TransportError as error:
            own.failed(error)
            raise
        finally:
            flights.remove(own)
            if not flights and self._flights.get(key) is flights:
                del self._flights[key]
            own.abandoned()
