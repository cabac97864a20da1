"""Handling an event once: the inbox row stands in the transaction of the effect, so a second delivery is dropped."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
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
        if await session.get(InboxRow, (self.consumer, message.id)) is not None:
            return
        await self.handle(session, message)
        session.add(InboxRow(consumer=self.consumer, event_id=message.id, received_at=self.clock.now()))
        try:
            await session.flush()
        except IntegrityError as error:
            raise Race from error
