"""The mailbox of a hospital without SMTP: what would have been sent, kept durably."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Index, MetaData, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.columns import ExactText, Instant, LongText, PlainText
from subgraphs.kernel.database import Database
from subgraphs.kernel.mail import Mail

_registry = registry()
METADATA: MetaData = _registry.metadata


class MailboxTable(SQLModel, registry=_registry):
    pass


class MailRow(MailboxTable, table=True):
    __tablename__ = "mails"
    __table_args__ = (UniqueConstraint("message_id"), Index("ix_mails_at", "at", "id"))

    id: str = Field(primary_key=True, sa_type=ExactText(64))
    to: str = Field(sa_type=PlainText(320))
    subject: str = Field(sa_type=PlainText(998))
    text: str = Field(sa_type=LongText)
    html: str = Field(sa_type=LongText)
    message_id: str = Field(sa_type=ExactText(320))
    at: datetime = Field(sa_type=Instant)


class DurableMailbox:
    """A `Mailbox` in a database of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def prepare(self) -> None:
        """Makes the table unless it is there."""
        async with self._database.engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    async def put(self, message: Mail) -> None:
        row = MailRow(
            id=message.id,
            to=message.to,
            subject=message.subject,
            text=message.text,
            html=message.html,
            message_id=message.message_id,
            at=message.at,
        )

        async def work(session: AsyncSession) -> None:
            session.add(row)

        try:
            await self._database.transaction(work)
        except IntegrityError:
            return  # it was put before

    async def newest(self, limit: int | None = None) -> Sequence[MailRow]:
        """Newest first; all of them without a limit."""
        statement = select(MailRow).order_by(col(MailRow.at).desc(), col(MailRow.id).desc())
        async with self._database.reading() as session:
            return (await session.exec(statement.limit(limit) if limit else statement)).all()

    async def count(self) -> int:
        async with self._database.reading() as session:
            return (await session.exec(select(func.count()).select_from(MailRow))).one()

    async def close(self) -> None:
        await self._database.close()
