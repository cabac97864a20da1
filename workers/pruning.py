"""Taking away what is needed no longer: what is old, and of events what every consumer has passed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.database import Database
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.tables import DeadLetterRow, IdempotencyRow, InboxRow, OutboxRow
from workers.outbox_source import OutboxFeed, position_of

_AT_ONCE = 1000


async def prune_outbox(feed: OutboxFeed, subscribers: Iterable[Subscriber], before: datetime) -> int:
    """Events recorded before that instant which every subscriber to the feed has passed; gives how many."""
    passed = await _passed_by_all(feed, subscribers)
    removed = 0
    while last := await _last_old(feed, passed, before):
        removed += await _delete(feed.database, delete(OutboxRow).where(col(OutboxRow.sequence) <= last))
    return removed


async def _passed_by_all(feed: OutboxFeed, subscribers: Iterable[Subscriber]) -> int:
    """A feed that nobody subscribes to was passed by nobody."""
    wanted = [subscriber for subscriber in subscribers if feed.topic in subscriber.topics]
    return min([await position_of(subscriber, feed.topic) for subscriber in wanted], default=0)


async def _last_old(feed: OutboxFeed, passed: int, before: datetime) -> int | None:
    """The sequence that ends the next lot of old events; they are looked at in order, so a young one ends it."""
    statement = select(OutboxRow.sequence, OutboxRow.recorded_at).where(col(OutboxRow.sequence) <= passed)
    async with feed.database.reading() as session:
        rows = (await session.exec(statement.order_by(col(OutboxRow.sequence)).limit(_AT_ONCE))).all()
    old = [sequence for sequence, _ in takewhile(lambda row: row[1] < before, rows)]
    return old[-1] if old else None


async def oldest_recorded(database: Database) -> datetime | None:
    """When the oldest event was recorded that the outbox still has."""
    async with database.reading() as session:
        return (await session.exec(select(OutboxRow.recorded_at).order_by(col(OutboxRow.sequence)).limit(1))).first()


async def prune_inbox(
    database: Database, subscribers: Sequence[Subscriber], feeds: Iterable[OutboxFeed], before: datetime
) -> int:
    """Inbox rows of the domain whose event can come no more: received before that instant and before the oldest event
    that one of the domain's subscribers has yet to read. Gives how many."""
    here = [subscriber for subscriber in subscribers if subscriber.database is database]
    unread = [await _oldest_unread(feed, subscriber) for feed in feeds for subscriber in here]
    return await prune_rows(database, InboxRow.received_at, InboxRow, min([before, *filter(None, unread)]))


async def _oldest_unread(feed: OutboxFeed, subscriber: Subscriber) -> datetime | None:
    if feed.topic not in subscriber.topics:
        return None
    position = await position_of(subscriber, feed.topic)
    statement = select(OutboxRow.recorded_at).where(col(OutboxRow.sequence) > position)
    async with feed.database.reading() as session:
        return (await session.exec(statement.order_by(col(OutboxRow.sequence)).limit(1))).first()


async def prune_idempotency_keys(database: Database, before: datetime, kept: Sequence[str] = ()) -> int:
    """Keys made before that instant, but for those of the mutations that keep theirs for good. Gives how many."""
    keys = IdempotencyRow
    return await prune_rows(database, keys.created_at, keys, before, col(keys.mutation).not_in(kept))


async def prune_dead_letters(database: Database, before: datetime) -> int:
    """Letters that were replayed before that instant: what they say is personal, and done with. Gives how many."""
    return await prune_rows(database, DeadLetterRow.replayed_at, DeadLetterRow, before)


async def prune_rows(database: Database, column: Any, table: Any, before: datetime, *also: Any) -> int:
    """Rows of the table whose instant in `column` is before that one, in lots, so that others can write in between.

    Gives how many.
    """
    removed = 0
    due = select(column).where(col(column) < before, *also).order_by(col(column))
    while True:
        async with database.reading() as session:
            lot = (await session.exec(due.limit(_AT_ONCE))).all()
        if not lot:
            return removed
        removed += await _delete(database, delete(table).where(col(column) <= lot[-1], *also))


async def _delete(database: Database, statement: Any) -> int:
    async def work(session: AsyncSession) -> int:
        return int((await session.exec(statement)).rowcount)

    return await database.transaction(work)
