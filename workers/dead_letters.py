"""Messages that no consumer could handle: in one process kept in its domain's database, listed, retried, discarded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.database import Database
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.tables import DeadLetterRow
from workers.contract import Contract
from workers.source import Delivery

MAXIMUM_ERROR = 4000
_LETTERS = UUID("5b0f3d3e-4c53-4f1c-9a3e-0d6f2c1b7a55")


class NoSuchDeadLetter(LookupError):
    """There is no dead letter of that id, or nobody here who could handle it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`body` is the message as it came; `error` may name what is personal in it: both for operators alone."""

    id: str
    consumer: str
    topic: str
    body: str
    error: str
    failed_at: datetime
    replayed_at: datetime | None = None
    partition: int | None = None
    offset: int | None = None


def letter_id(consumer: str, delivery: Delivery) -> str:
    """The same message of the same consumer is one letter however often it fails."""
    return str(uuid5(_LETTERS, f"{consumer} {delivery.topic} {storable(delivery.body)}"))


def reason_of(error: Exception) -> str:
    return storable(f"{type(error).__name__}: {error}")[:MAXIMUM_ERROR]


async def bury(session: AsyncSession, subscriber: Subscriber, delivery: Delivery, error: Exception) -> None:
    """Within the caller's transaction."""
    row = DeadLetterRow(
        id=letter_id(subscriber.consumer, delivery),
        consumer=subscriber.consumer,
        topic=delivery.topic,
        body=storable(delivery.body),
        error=reason_of(error),
        failed_at=subscriber.clock.now(),
        replayed_at=None,
    )
    await session.merge(row)


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Those of all consumers given, each in the database of its domain."""

    subscribers: Sequence[Subscriber]
    contract: Contract

    async def waiting(self) -> list[DeadLetter]:
        """Not retried yet, oldest first."""
        found = [letter for database in self._databases() for letter in await _waiting(database)]
        return sorted(found, key=lambda letter: (letter.failed_at, letter.id))

    async def retry(self, id: str) -> DeadLetter:
        """Hands the message to its consumer again; a letter that was handled stays as it is.

        Raises NoSuchDeadLetter, or what the consumer raises: then nothing has changed.
        """
        for subscriber in self.subscribers:
            letter = await self._retry_for(subscriber, id)
            if letter is not None:
                return letter
        raise NoSuchDeadLetter(f"there is no dead letter {id}")

    async def _retry_for(self, subscriber: Subscriber, id: str) -> DeadLetter | None:
        async def work(session: AsyncSession) -> DeadLetter | None:
            row = await session.get(DeadLetterRow, id, with_for_update=True)
            if row is None or row.consumer != subscriber.consumer:
                return None
            if row.replayed_at is None:
                await subscriber.apply(session, [self.contract.read(row.topic, row.body)])
                row.replayed_at = subscriber.clock.now()
            return _letter(row)

        return await subscriber.database.transaction(work)

    async def discard(self, id: str) -> DeadLetter:
        """Forgets a message that nobody will ever handle. Raises NoSuchDeadLetter."""
        for database in self._databases():
            letter = await _discard_from(database, id)
            if letter is not None:
                return letter
        raise NoSuchDeadLetter(f"there is no dead letter {id}")

    def _databases(self) -> list[Database]:
        return list(dict.fromkeys(subscriber.database for subscriber in self.subscribers))


async def _waiting(database: Database) -> list[DeadLetter]:
    statement = select(DeadLetterRow).where(col(DeadLetterRow.replayed_at).is_(None))
    async with database.reading() as session:
        return [_letter(row) for row in await session.exec(statement)]


async def _discard_from(database: Database, id: str) -> DeadLetter | None:
    async def work(session: AsyncSession) -> DeadLetter | None:
        row = await session.get(DeadLetterRow, id, with_for_update=True)
        if row is None or row.replayed_at is not None:
            return None
        await session.delete(row)
        return _letter(row)

    return await database.transaction(work)


def _letter(row: DeadLetterRow) -> DeadLetter:
    return DeadLetter(row.id, row.consumer, row.topic, row.body, row.error, row.failed_at, row.replayed_at)


def storable(text: str) -> str:
    """Without lone surrogates, which no database takes."""
    return text.encode("utf-8", "backslashreplace").decode()
