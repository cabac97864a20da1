"""The mailbox of a hospital without SMTP: what would have been sent, kept durably."""

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hospital.mailbox.tables import MailRow
from subgraphs.kernel.database import Database
from subgraphs.kernel.mail import Mail


class DurableMailbox:
    """A `Mailbox` in a database of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def put(self, message: Mail) -> None:
        async def work(session: AsyncSession) -> None:
            session.add(_row(message))

        try:
            await self.database.transaction(work)
        except IntegrityError:
            return  # it was put before

    async def newest(self, limit: int | None = None) -> Sequence[MailRow]:
        """Newest first; all of them without a limit."""
        statement = select(MailRow).order_by(col(MailRow.at).desc(), col(MailRow.id).desc())
        async with self.database.reading() as session:
            return (await session.exec(statement.limit(limit) if limit else statement)).all()

    async def count(self) -> int:
        async with self.database.reading() as session:
            return (await session.exec(select(func.count()).select_from(MailRow))).one()

    async def close(self) -> None:
        await self.database.close()


def _row(message: Mail) -> MailRow:
    return MailRow(
        id=message.id,
        to=message.to,
        subject=message.subject,
        text=message.text,
        html=message.html,
        message_id=message.message_id,
        at=message.at,
    )
