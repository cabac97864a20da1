"""Waiting for news over components (`Arrivals`): the owners are asked for what they announced of what is missed.

What they say is handled as what the broker brings, once, whichever comes first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

import structlog

from subgraphs.kernel.arrivals import NotAsked, Told
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.inbox import Subscriber
from workers.failures import passes

Announcements = Callable[[Collection[str]], Awaitable[Told]]

AWAITED_AT_MOST_SECONDS = 3.0

log = structlog.get_logger(__name__)


class _Round:
    """One asking of all owners, for all who wait for it; `all_asked` None: it has not come to its end."""

    def __init__(self) -> None:
        self.keys = set[str]()
        self.all_asked: bool | None = None


class Bringing:
    """Who comes while the owners are asked waits for the next round, and all who wait share it."""

    def __init__(self, owners: Sequence[Announcements], subscribers: Sequence[Subscriber]) -> None:
        self._owners, self._subscribers = owners, subscribers
        self._turn, self._next = asyncio.Lock(), _Round()

    async def __call__(self, keys: Collection[str]) -> None:
        """Whoever cannot be asked, or not in time, is not waited for. Raises NotAsked then, when the others were."""
        mine = self._next
        mine.keys.update(keys)
        async with self._turn:
            if mine is self._next:
                self._next = _Round()
            if mine.all_asked is None:  # nobody before, or one who went away meanwhile
                mine.all_asked = await self._ask_all(mine.keys)
        if not mine.all_asked:
            raise NotAsked

    async def _ask_all(self, keys: Collection[str]) -> bool:
        done, late = await asyncio.wait(
            [asyncio.create_task(self._brought(owner, keys)) for owner in self._owners],
            timeout=AWAITED_AT_MOST_SECONDS,
        )
        for task in late:
            task.cancel()
        return not late and all(task.result() for task in done)

    async def _brought(self, owner: Announcements, keys: Collection[str]) -> bool:
        try:
            told = await owner(keys)
            received = [await _received(subscriber, told.events) for subscriber in self._subscribers]
        except Exception as error:
            log.warning("arrivals.not_brought", error=error)
            return False
        return told.is_whole and all(received)


async def _received(subscriber: Subscriber, events: Sequence[Envelope]) -> bool:
    """All at once, or else each by itself: one that cannot be handled is the consumer's to bury, and hinders no other.

    False where one may be handled later.
    """
    fresh = [event for event in events if event.topic in subscriber.topics and event.id not in subscriber.recent]
    if len(fresh) > 1:
        with suppress(Exception):
            await subscriber.receive(fresh)
            return True
    return all([await _received_alone(subscriber, event) for event in fresh])


async def _received_alone(subscriber: Subscriber, event: Envelope) -> bool:
    try:
        await subscriber.receive([event])
    except Exception as error:
        log.warning("arrivals.not_handled", event_id=event.id, error=type(error).__name__)
        return not passes(error)
    return True
