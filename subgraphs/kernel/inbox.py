"""Handling an event once: the inbox row stands in the transaction of the effect, so a second delivery is dropped."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database, Race
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.rows import add_row, run, table_of, write_rows
from subgraphs.kernel.tables import InboxRow
from subgraphs.kernel.watching import WatchedMessage

Handler = Callable[[AsyncSession, Envelope], Awaitable[None]]
Apply = Callable[[AsyncSession, Sequence[Envelope]], Awaitable[None]]

_REMEMBERED = 2000
_KEEP = insert(table_of(InboxRow))
_HANDLED = select(col(InboxRow.event_id)).where(
    col(InboxRow.consumer) == bindparam("consumer"), col(InboxRow.event_id).in_(bindparam("ids", expanding=True))
)


class RecentIds:
    """The last ids that were added, as many as are worth remembering."""

    def __init__(self) -> None:
        self._order: deque[str] = deque()
        self._ids: set[str] = set()

    def __contains__(self, id: str) -> bool:
        return id in self._ids

    def add(self, ids: Iterable[str]) -> None:
        for id in ids:
            if id not in self._ids:
                self._ids.add(id)
                self._order.append(id)
        while len(self._order) > _REMEMBERED:
            self._ids.discard(self._order.popleft())


@dataclass(frozen=True, slots=True)
class Inbox:
    """Applies each event once for this consumer. Whoever else handles one of them at the same time makes it a Race."""

    consumer: str
    clock: Clock
    handle: Handler

    async def __call__(self, session: AsyncSession, messages: Sequence[Envelope]) -> None:
        fresh = await self._fresh(session, messages)
        try:
            for message in fresh:
                with WatchedMessage(self.consumer, message):
                    await self.handle(session, message)
            await write_rows(session)
            await session.flush()
        except IntegrityError as error:
            raise Race from error

    async def _fresh(self, session: AsyncSession, messages: Sequence[Envelope]) -> Sequence[Envelope]:
        """Those that were not handled before, each once; their inbox rows are written, or are going to be."""
        if len(messages) == 1:
            return messages if await self._is_first(session, messages[0]) else []
        handled = await self._handled(session, messages)
        fresh = {message.id: message for message in messages if message.id not in handled}
        for id in fresh:
            add_row(session, InboxRow, **self._row(id))
        return list(fresh.values())

    async def _is_first(self, session: AsyncSession, message: Envelope) -> bool:
        """One alone is nearly always new: its row decides, without a look before."""
        try:
            await run(session, _KEEP, self._row(message.id))
        except IntegrityError:
            return False
        return True

    def _row(self, event_id: str) -> dict[str, Any]:
        return {"consumer": self.consumer, "event_id": event_id, "received_at": self.clock.now()}

    async def _handled(self, session: AsyncSession, messages: Sequence[Envelope]) -> set[str]:
        wanted = {"consumer": self.consumer, "ids": [message.id for message in messages]}
        return set((await run(session, _HANDLED, wanted)).scalars())


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One consumer of one domain: `apply` has the effect of events inside a transaction, and of a second delivery none.

    `recent` are those that this process has committed, and need not look at again.
    """

    consumer: str
    topics: tuple[str, ...]
    database: Database
    clock: Clock
    apply: Apply
    recent: RecentIds = field(default_factory=RecentIds, compare=False)

    @classmethod
    def once(cls, consumer: str, topics: tuple[str, ...], database: Database, clock: Clock, handle: Handler) -> Self:
        """One that handles event by event, with an inbox."""
        return cls(consumer, topics, database, clock, Inbox(consumer, clock, handle))

    async def receive(self, messages: Sequence[Envelope]) -> None:
        """Applies the events, in order, all or none. Raises what `apply` raises; then nothing was written."""

        async def work(session: AsyncSession) -> None:
            await self.apply(session, messages)

        await self.database.transaction(work)
        self.recent.add(message.id for message in messages)
