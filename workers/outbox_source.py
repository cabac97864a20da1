"""The one-process transport: consumers read the outbox of the other domain itself, each at its own pace.

SQLite lets one transaction write at a time, so the outbox's `sequence` is the order of commits and nothing can appear
behind a position that was passed. No other database gives that: there the relay and a broker do it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import cast

import structlog
from sqlalchemy import Executable, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import BRIEF, read, run_unheard, table_of
from subgraphs.kernel.tables import OutboxRow, PositionRow
from workers.dead_letters import bury
from workers.pauses import pause
from workers.source import Delivery

log = structlog.get_logger(__name__)

_BATCH = 100
_BEHIND = (
    select(col(OutboxRow.sequence), col(OutboxRow.event_id), col(OutboxRow.body))
    .where(col(OutboxRow.sequence) > bindparam("position"))
    .order_by(col(OutboxRow.sequence))
    .limit(bindparam("limit"))
    .execution_options(**{BRIEF: True})
)
_OLDEST = select(func.min(OutboxRow.sequence)).execution_options(**{BRIEF: True})
_END = select(func.max(OutboxRow.sequence)).execution_options(**{BRIEF: True})
_POSITION = insert(table_of(PositionRow))
_KEEP = _POSITION.on_conflict_do_update(
    index_elements=["consumer", "topic"], set_={"position": _POSITION.excluded.position}
)


class OutboxFeed:
    """The outbox of one domain as a topic, and the bells of those who wait for news of it."""

    def __init__(self, domain: str, database: Database) -> None:
        if not database.is_sqlite:
            raise ValueError("an outbox is in the order of commits on SQLite alone")
        self.topic, self.database = topic_of(domain), database
        self._bells: set[asyncio.Event] = set()

    def wake(self) -> None:
        """To be called when a transaction that recorded events has committed."""
        for bell in self._bells:
            bell.set()

    def add_bell(self, bell: asyncio.Event) -> None:
        self._bells.add(bell)

    async def behind(self, position: int, limit: int) -> Sequence[Delivery]:
        async with self.database.reading() as session:
            rows = await read(session, _BEHIND, {"position": position, "limit": limit})
        return [Delivery(self.topic, row.sequence, row.body, message_id=row.event_id) for row in rows]

    async def oldest(self) -> int | None:
        """The sequence of the oldest event that is kept."""
        return await self._one(_OLDEST)

    async def end(self) -> int:
        """The sequence of the newest event; 0 when there is none."""
        return await self._one(_END) or 0

    async def _one(self, statement: Executable) -> int | None:
        async with self.database.reading() as session:
            [(sequence,)] = await read(session, statement, {})
        return cast(int | None, sequence)


class OutboxSource:
    """One consumer's place in a feed.

    `poll_seconds`: how long it waits for the bell before it looks all the same. `gather_seconds`: how long it lets
    others join the first that rang, since many together cost a quarter of what they cost one by one; unless somebody
    waits for it.
    """

    def __init__(
        self,
        feed: OutboxFeed,
        subscriber: Subscriber,
        *,
        poll_seconds: float = 1.0,
        gather_seconds: float = 0.2,
        skipped_at_most: int = _BATCH,
    ) -> None:
        self.topic = feed.topic
        self.feed, self.subscriber = feed, subscriber
        self._poll_seconds, self._gather_seconds = poll_seconds, gather_seconds
        self._skipped_at_most = skipped_at_most
        self._position: int | None = None
        self._given_up_at = 0
        self._skipped = 0
        self._may_be_more = True
        self._bell, self._moved, self._hurried = asyncio.Event(), asyncio.Event(), asyncio.Event()
        feed.add_bell(self._bell)

    async def batch(self) -> Sequence[Delivery]:
        if not self._may_be_more:
            await self._wait()
        self._bell.clear()
        self._hurried.clear()
        deliveries = await self.feed.behind(await self.position(), _BATCH)
        self._may_be_more = len(deliveries) == _BATCH
        return deliveries

    async def position(self) -> int:
        """How far it has come, in this process. What was pruned before it came there is missed, and said loudly."""
        if self._position is None:
            known, oldest = await position_of(self.subscriber, self.topic), await self.feed.oldest()
            if oldest is not None and oldest > known + 1:
                log.critical(
                    "source.events_are_gone",
                    consumer=self.subscriber.consumer,
                    topic=self.topic,
                    first=known + 1,
                    last=oldest - 1,
                )
            self._position = known
        return self._position

    async def has_passed(self, place: int) -> None:
        """Returns when the event of that sequence is handled, whoever handles it, or was given up."""
        while self._given_up_at <= await self.position() < place:
            self.wake()
            await self._moved.wait()

    def give_up(self, place: int) -> None:
        """Nobody waits for anything again before that event is handled: a back-off may take half a minute."""
        if self._position is not None and self._position < place:
            self._given_up_at = max(self._given_up_at, place)
            log.warning("source.given_up", consumer=self.subscriber.consumer, topic=self.topic, place=place)
            self._move(self._position)

    async def keep(self, session: AsyncSession, handled: Sequence[Delivery]) -> None:
        await self._keep(session, handled[-1].place)

    async def bury(self, delivery: Delivery, error: Exception) -> None:
        async def work(session: AsyncSession) -> None:
            await bury(session, self.subscriber, delivery, error)
            await self.keep(session, [delivery])

        await self.subscriber.database.transaction(work)

    async def commit(self, handled: Sequence[Delivery]) -> None:
        self._skipped = 0
        self._move(handled[-1].place)

    async def skip(self, handled: Sequence[Delivery]) -> None:
        """The position is written down with the next effect, or after some more, or when nothing else is to be done."""
        self._skipped += len(handled)
        self._move(handled[-1].place)
        if self._skipped >= self._skipped_at_most:
            await self._write_down()

    def _move(self, place: int) -> None:
        moved, self._moved, self._position = self._moved, asyncio.Event(), place
        moved.set()

    async def _wait(self) -> None:
        if self._skipped:
            await pause(self._bell, self._gather_seconds)
            if not self._bell.is_set():
                await self._write_down()
        await pause(self._bell, self._poll_seconds)
        if self._bell.is_set():
            await pause(self._hurried, self._gather_seconds)

    async def _write_down(self) -> None:
        reached = await self.position()
        await self.subscriber.database.transaction(lambda session: self._keep(session, reached))
        self._skipped = 0

    async def _keep(self, session: AsyncSession, reached: int) -> None:
        place = {"consumer": self.subscriber.consumer, "topic": self.topic, "position": reached}
        await run_unheard(session, _KEEP, place)

    def wake(self) -> None:
        """It looks at once at what is there, and lets nobody join."""
        self._hurried.set()
        self._bell.set()


async def position_of(subscriber: Subscriber, topic: str) -> int:
    """The sequence of the last event of the topic that the consumer has handled or buried; 0 before the first."""
    async with subscriber.database.reading() as session:
        row = await session.get(PositionRow, (subscriber.consumer, topic))
    return 0 if row is None else row.position


def sources(subscribers: Iterable[Subscriber], feeds: Iterable[OutboxFeed]) -> list[OutboxSource]:
    """One for each subscriber and each of its topics that has a feed."""
    by_topic = {feed.topic: feed for feed in feeds}
    return [
        OutboxSource(by_topic[topic], subscriber)
        for subscriber in subscribers
        for topic in subscriber.topics
        if topic in by_topic
    ]
