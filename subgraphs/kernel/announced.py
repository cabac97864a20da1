"""What a domain has announced of late, for another that is about to say that there is no such thing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select
from sqlmodel import col

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.rows import run
from subgraphs.kernel.tables import OutboxRow

LATE_AT_MOST = timedelta(minutes=1)
TOGETHER_AT_MOST = 200

_NEWEST = select(col(OutboxRow.sequence), col(OutboxRow.body)).where(
    col(OutboxRow.type).in_(bindparam("types", expanding=True))
)
_WAITING = (
    _NEWEST.where(col(OutboxRow.published_at).is_(None))
    .order_by(col(OutboxRow.sequence).desc())
    .limit(TOGETHER_AT_MOST + 1)
)
_PUBLISHED = (
    _NEWEST.where(col(OutboxRow.published_at) > bindparam("since"))
    .order_by(col(OutboxRow.published_at).desc())
    .limit(TOGETHER_AT_MOST + 1)
)


@dataclass(frozen=True, slots=True)
class Recent:
    """`bodies` of events, oldest first; `is_cut`: there are older ones that may be on their way as well."""

    bodies: list[str]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Announced:
    """`types`: the events that others decide by."""

    database: Database
    clock: Clock
    types: Sequence[str]

    async def recently(self) -> Recent:
        """What no broker has yet, and what one was given in the last minute; the newest 200."""
        since = self.clock.now() - LATE_AT_MOST
        async with self.database.reading() as session:
            waiting = (await run(session, _WAITING, {"types": list(self.types)})).all()
            published = (await run(session, _PUBLISHED, {"types": list(self.types), "since": since})).all()
        found = {row.sequence: row.body for row in (*waiting, *published)}
        newest = sorted(found)[-TOGETHER_AT_MOST:]
        return Recent([found[sequence] for sequence in newest], len(found) > len(newest))
