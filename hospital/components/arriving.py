"""Waiting for news over components (`Arrivals`): the owners are asked for what they announced of late.

What they say is handled as what the broker brings, once, whichever comes first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from subgraphs.kernel.arrivals import NotAsked, Told
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.inbox import Subscriber
from workers.failures import passes

Announcements = Callable[[], Awaitable[Told]]

AWAITED_AT_MOST_SECONDS = 3.0

log = structlog.get_logger(__name__)


class Bringing:
    """Who comes while the owners are asked waits for the next time, and all who wait share it."""

    def __init__(self, owners: Sequence[Announcements], subscribers: Sequence[Subscriber]) -> None:
        self._owners, self._subscribers = owners, subscribers
        self._turn, self._begun, self._all_asked = asyncio.Lock(), 0, True

    async def __call__(self) -> None:
        """Whoever cannot be asked, or not in time, is not waited for. Raises NotAsked then, when the others were."""
        seen = self._begun
        async with self._turn:
            if self._begun == seen:
                self._begun += 1
                self._all_asked = await self._ask_all()
            if not self._all_asked:
                raise NotAsked

    async def _ask_all(self) -> bool:
        done, late = await asyncio.wait(
            [asyncio.create_task(self._brought(owner)) for owner in self._owners], timeout=AWAITED_AT_MOST_SECONDS
        )
        for task in late:
            task.cancel()
        return not late and all(task.result() for task in done)

    async def _brought(self, owner: Announcements) -> bool:
        try:
            told = await owner()
            received = [await _received(subscriber, told.events) for subscriber in self._subscribers]
        except Exception as error:
            log.warning("arrivals.not_brought", error=error)
            return False
        return told.is_whole and all(received)


async def _received(subscriber: Subscriber, events: Sequence[Envelope]) -> bool:
    """Each by itself: one that cannot be handled is the consumer's to bury, and hinders no other.

    False where one may be handled later.
    """
    all_settled = True
    for event in events:
        if event.topic in subscriber.topics and event.id not in subscriber.recent:
            try:
                await subscriber.receive([event])
            except Exception as error:
                log.warning("arrivals.not_handled", event_id=event.id, error=type(error).__name__)
                all_settled = all_settled and not passes(error)
    return all_settled
