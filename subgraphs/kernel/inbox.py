"""Handling an event once: the inbox row stands in the transaction of the effect, so a second delivery is dropped."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database, Race
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.tables import InboxRow

Handler = Callable[[AsyncSession, Envelope], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One consumer of one domain: `handle` applies an event inside the transaction that also writes the inbox row."""

    consumer: str
    topics: tuple[str, ...]
    database: Database
    clock: Clock
    handle: Handler

    async def receive(self, message: Envelope) -> None:
        """Applies the event unless it was applied before. Raises what `handle` raises; then nothing was written."""

        async def work(session: AsyncSession) -> None:
            await self.receive_within(session, message)

        await self.database.transaction(work)

    async def receive_within(self, session: AsyncSession, message: Envelope) -> None:
        """The same inside a transaction that the caller has opened."""
        await self.receive_all_within(session, [message])

    async def receive_all_within(self, session: AsyncSession, messages: Sequence[Envelope]) -> None:
        """Many, in order, all or none. Whoever else handles one of them at the same time makes this a Race."""
        handled = await self._handled(session, messages)
        try:
            for message in messages:
                if message.id not in handled:
                    handled.add(message.id)
                    await self.handle(session, message)
                    session.add(InboxRow(consumer=self.consumer, event_id=message.id, received_at=self.clock.now()))
            await session.flush()
        except IntegrityError as error:
            raise Race from error

    async def _handled(self, session: AsyncSession, messages: Sequence[Envelope]) -> set[str]:
        statement = select(InboxRow.event_id).where(
            col(InboxRow.consumer) == self.consumer, col(InboxRow.event_id).in_([message.id for message in messages])
        )
        return set(await session.exec(statement))
