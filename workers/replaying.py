"""Publishing a span of an outbox again: what is marked as waiting, a relay takes before all that is younger."""

from datetime import datetime
from functools import partial

from sqlalchemy import bindparam, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.database import Database
from subgraphs.kernel.rows import run, table_of
from subgraphs.kernel.tables import OutboxRow

_AT_ONCE = 500
_PUBLISHED = (
    select(col(OutboxRow.sequence))
    .where(
        col(OutboxRow.recorded_at) >= bindparam("since"),
        col(OutboxRow.recorded_at) < bindparam("before"),
        col(OutboxRow.published_at).is_not(None),
        col(OutboxRow.sequence) > bindparam("behind"),
    )
    .order_by(col(OutboxRow.sequence))
    .limit(_AT_ONCE)
)
_WAITS = (
    update(table_of(OutboxRow))
    .where(col(OutboxRow.sequence).in_(bindparam("sequences", expanding=True)))
    .values(published_at=None)
)


async def publish_again(database: Database, since: datetime, before: datetime) -> int:
    """What was recorded from `since` on and before `before`, in lots; gives how many did not wait already."""
    waiting, behind = 0, 0
    while True:
        async with database.reading() as session:
            given = {"since": since, "before": before, "behind": behind}
            lot = list((await run(session, _PUBLISHED, given)).scalars())
        if not lot:
            return waiting
        await database.transaction(partial(_mark, lot))
        waiting, behind = waiting + len(lot), lot[-1]


async def _mark(sequences: list[int], session: AsyncSession) -> None:
    await run(session, _WAITS, {"sequences": sequences})
