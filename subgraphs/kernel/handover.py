"""Handing events to the domains that decide by them, after the commit and before the answer.

Whoever is slow or fails gets the event later all the same: this only makes sure that a copy does not lag where it can
be helped.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

import structlog

from subgraphs.kernel.events import Envelope

Receiver: TypeAlias = Callable[[Sequence[Envelope]], Awaitable[None]]

_TOGETHER = 25

log = structlog.get_logger(__name__)


class Handover:
    """`receivers` (by event type) get the events in order, side by side; `wake` tells the transport of the news.

    Where `more_comes`, as somebody else writes already, a receiver waits `gather_seconds` for that: it then has one
    transaction for all. Who is alone waits for nobody.
    """

    def __init__(
        self,
        receivers: dict[str, tuple[Receiver, ...]],
        wake: Callable[[], None],
        limit_seconds: float = 0.3,
        more_comes: Callable[[], bool] = lambda: False,
        gather_seconds: float = 0.005,
    ) -> None:
        distinct = dict.fromkeys(receiver for some in receivers.values() for receiver in some)
        lines = {receiver: _Line(receiver, more_comes, gather_seconds) for receiver in distinct}
        self._lines = {type: [lines[receiver] for receiver in some] for type, some in receivers.items()}
        self._wake, self._limit_seconds = wake, limit_seconds

    async def __call__(self, events: Sequence[Envelope]) -> None:
        """Stops waiting after the limit; what has begun goes on, as it is as good as done, and the rest is dropped."""
        if not events:
            return
        self._wake()
        handed = [line.take(wanted) for line, wanted in self._wanted(events)]
        if handed and not await self._awaited(handed):
            log.warning("handover.late", events=[message.id for message in events])

    async def _awaited(self, handed: Sequence["asyncio.Future[None]"]) -> bool:
        """Whether all was done in time; nobody waits for it any longer in any case."""
        try:
            _, late = await asyncio.wait(handed, timeout=self._limit_seconds)
        finally:
            for done in handed:
                done.cancel()
        return not late

    def _wanted(self, events: Sequence[Envelope]) -> Iterable[tuple["_Line", list[Envelope]]]:
        wanted: dict[_Line, list[Envelope]] = {}
        for message in events:
            for line in self._lines.get(message.type, ()):
                wanted.setdefault(line, []).append(message)
        return wanted.items()


class _Line:
    """What waits for one receiver: whoever comes while it works is taken with the others in its next transaction."""

    def __init__(self, receiver: Receiver, more_comes: Callable[[], bool], gather_seconds: float) -> None:
        self._receiver, self._more_comes, self._gather_seconds = receiver, more_comes, gather_seconds
        self._waiting: dict[asyncio.Future[None], Sequence[Envelope]] = {}
        self._worker: asyncio.Task[None] | None = None

    def take(self, events: Sequence[Envelope]) -> "asyncio.Future[None]":
        """Done when the receiver has them, or has failed. Dropped if it is cancelled before their turn."""
        done = asyncio.get_running_loop().create_future()
        self._waiting[done] = events
        done.add_done_callback(lambda done: self._waiting.pop(done, None))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="handover")
        return done

    async def _work(self) -> None:
        if self._more_comes():
            await asyncio.sleep(self._gather_seconds)
        while self._waiting:
            lot = {done: self._waiting.pop(done) for done in list(islice(self._waiting, _TOGETHER))}
            if not await self._received([message for events in lot.values() for message in events]) and len(lot) > 1:
                await self._received_singly(lot)
            for done in lot:
                if not done.done():
                    done.set_result(None)
        self._worker = None

    async def _received_singly(self, lot: Mapping["asyncio.Future[None]", Sequence[Envelope]]) -> None:
        for done, events in lot.items():
            if not done.done():
                await self._received(events)

    async def _received(self, events: Sequence[Envelope]) -> bool:
        try:
            await self._receiver(events)
        except Exception as error:
            log.warning("handover.failed", error=type(error).__name__, events=[message.id for message in events])
            return False
        return True
