"""What a domain has announced of some entities, for another that is about to say that there is no such thing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import JSON, BindParameter, bindparam, or_, select, type_coerce, union
from sqlmodel import col

from subgraphs.kernel.database import Database
from subgraphs.kernel.rows import run
from subgraphs.kernel.tables import OutboxRow

KEYS_TOGETHER, EVENTS_TOGETHER = 100, 1000

_KEYS: BindParameter[str] = bindparam("keys", expanding=True)
_ATTRIBUTES = type_coerce(col(OutboxRow.body), JSON)
_OF_TYPES = select(col(OutboxRow.sequence)).where(col(OutboxRow.type).in_(bindparam("types", expanding=True)))
_FOUND = union(
    _OF_TYPES.where(col(OutboxRow.key).in_(_KEYS)),
    _OF_TYPES.where(col(OutboxRow.patient_id).in_(_KEYS)),
    _OF_TYPES.where(  # written by the release before, while this one is rolled out
        col(OutboxRow.key).is_(None),
        or_(*(_ATTRIBUTES[name].as_string().in_(_KEYS) for name in ("subject", "auditpatientid"))),
    ),
)
_BODIES = (
    select(col(OutboxRow.body))
    .where(col(OutboxRow.sequence).in_(bindparam("sequences", expanding=True)))
    .order_by(col(OutboxRow.sequence))
)


@dataclass(frozen=True, slots=True)
class Found:
    """`bodies` of events, oldest first; `is_cut`: there are older ones."""

    bodies: list[str]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Announced:
    """`types`: the events that others decide by."""

    database: Database
    types: Sequence[str]

    async def of(self, keys: Collection[str]) -> Found:
        """All that the outbox has of these entities and these patients; the newest 1000. Raises ValueError."""
        if len(keys) > KEYS_TOGETHER:
            raise ValueError(f"{len(keys)} keys, where {KEYS_TOGETHER} are asked for at most")
        async with self.database.reading() as session:
            wanted = {"types": list(self.types), "keys": list(keys)}
            sequences = sorted((await run(session, _FOUND, wanted)).scalars())
            newest = sequences[-EVENTS_TOGETHER:]
            bodies = (await run(session, _BODIES, {"sequences": newest})).scalars().all() if newest else []
        return Found(list(bodies), len(newest) < len(sequences))
