"""Rows that are a claim: whoever writes one first has it, and everybody else looks again."""

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.database import Race
from subgraphs.kernel.rows import write_rows


async def flush_claims(session: AsyncSession) -> None:
    """Writes what was added. Raises Race when another transaction has claimed the same."""
    try:
        await session.flush()
        await write_rows(session)
    except IntegrityError as error:
        raise Race from error
