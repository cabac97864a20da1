"""The one-process transport: consumers read the outbox of the other domain itself, each at its own pace.

SQLite lets one transaction write at a time, so the outbox's `sequence` is the order of commits and nothing can appear
behind a position that was passed. No other database gives that: there the relay and a broker do it.
"""

import asyncio
from collections.abc import Iterable, Sequence

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.tables import OutboxRow, PositionRow
from workers.consumer import Consumer
from workers.pauses import pause
from workers.source import Delivery

_BATCH = 100


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
        statement = select(OutboxRow.sequence, OutboxRow.body).where(col(OutboxRow.sequence) > position)
        async with self.database.reading() as session:
            rows = await session.exec(statement.order_by(col(OutboxRow.sequence)).limit(limit))
            return [Delivery(self.topic, sequence or 0, body) for sequence, body in rows]


class OutboxSource:
    """One consumer's place in a feed.

    `poll_seconds`: how long it waits for the bell before it looks all the same. `gather_seconds`: how long it lets
    others join the first that rang, since many together cost a quarter of what they cost one by one.
    """

    def __init__(
        self, feed: OutboxFeed, subscriber: Subscriber, *, poll_seconds: float = 1.0, gather_seconds: float = 0.05
    ) -> None:
        self.topic = feed.topic
        self._feed, self._subscriber = feed, subscriber
        self._poll_seconds, self._gather_seconds = poll_seconds, gather_seconds
        self._position: int | None = None
        self._may_be_more = True
        self._bell = asyncio.Event()
        feed.add_bell(self._bell)

    async def batch(self) -> Sequence[Delivery]:
        if not self._may_be_more:
            await pause(self._bell, self._poll_seconds)
            await asyncio.sleep(self._gather_seconds if self._bell.is_set() else 0)
        self._bell.clear()
        if self._position is None:
            self._position = await position_of(self._subscriber, self.topic)
        deliveries = await self._feed.behind(self._position, _BATCH)
        self._may_be_more = len(deliveries) == _BATCH
        return deliveries

    async def keep(self, session: AsyncSession, handled: Sequence[Delivery]) -> None:
        consumer, position = self._subscriber.consumer, handled[-1].place
        moved = update(PositionRow).where(col(PositionRow.consumer) == consumer, col(PositionRow.topic) == self.topic)
        if (await session.exec(moved.values(position=position))).rowcount == 0:
            session.add(PositionRow(consumer=consumer, topic=self.topic, position=position))

    async def commit(self, handled: Sequence[Delivery]) -> None:
        self._position = handled[-1].place

    def wake(self) -> None:
        self._bell.set()


async def position_of(subscriber: Subscriber, topic: str) -> int:
    """The sequence of the last event of the topic that the consumer has handled or buried; 0 before the first."""
    async with subscriber.database.reading() as session:
        row = await session.get(PositionRow, (subscriber.consumer, topic))
    return 0 if row is None else row.position


def consumers(subscribers: Iterable[Subscriber], feeds: Iterable[OutboxFeed]) -> list[Consumer]:
    """One for each subscriber and each of its topics that has a feed."""
    by_topic = {feed.topic: feed for feed in feeds}
    return [
        Consumer(subscriber, OutboxSource(by_topic[topic], subscriber))
        for subscriber in subscribers
        for topic in subscriber.topics
        if topic in by_topic
    ]
