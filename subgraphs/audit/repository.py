"""Every SELECT and INSERT of audit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from sqlalchemy import bindparam, func, update
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from subgraphs.audit.rules import BEGINNING, EQUAL_DENIALS_WITHIN, Entry, Mark
from subgraphs.audit.tables import CHECKPOINT, HEAD, AuditEventRow, ChainMarkRow
from subgraphs.kernel.pagination import Keyset, PageRequest
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.rows import add_row, run, run_unheard, table_of

T = TypeVar("T")

_IS_HEAD = col(ChainMarkRow.name) == HEAD
_LOCKED_HEAD = select(ChainMarkRow.sequence, ChainMarkRow.hash).where(_IS_HEAD).with_for_update()
_MOVE_HEAD = (
    update(table_of(ChainMarkRow)).where(_IS_HEAD).values(sequence=bindparam("to_sequence"), hash=bindparam("to_hash"))
)
_RECORDED = select(AuditEventRow.id).where(col(AuditEventRow.id).in_(bindparam("ids", expanding=True)))

NEWEST_FIRST = Keyset("auditEvents", ("sequence",), (int,), descending=True)


class Unreadable(Exception):
    """A row of the trail holds what was never written by this hospital."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are looked for; None is any. `own_patient_id` narrows to what a patient may see."""

    type: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    patient_id: str | None = None
    actor_id: str | None = None
    outcome: str | None = None
    occurred_from: datetime | None = None
    occurred_before: datetime | None = None
    own_patient_id: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's head, and the greatest sequence among the events, as they stood at one moment."""

    mark: Mark
    top: int


async def locked_head(session: AsyncSession) -> Mark:
    """The head, held until the transaction ends; made for the first event.

    Raises LookupError when it is gone, and Race when somebody else makes it at the same moment.
    """
    found = (await run(session, _LOCKED_HEAD)).first()
    return await _first_head(session) if found is None else Mark(found.sequence, found.hash)


async def _first_head(session: AsyncSession) -> Mark:
    add_row(session, ChainMarkRow, name=HEAD, sequence=BEGINNING.sequence, hash=BEGINNING.hash)
    await flush_claims(session)
    if (await session.exec(select(AuditEventRow.sequence).limit(1))).first() is not None:
        raise LookupError("the head of the audit chain is gone")
    return BEGINNING


async def move_head(session: AsyncSession, mark: Mark) -> None:
    """For who holds it."""
    await run_unheard(session, _MOVE_HEAD, {"to_sequence": mark.sequence, "to_hash": mark.hash})


async def recorded_among(session: AsyncSession, ids: Collection[str]) -> set[str]:
    return set((await run(session, _RECORDED, {"ids": list(ids)})).scalars())


async def has_equal_denial(session: AsyncSession, denial: Entry) -> bool:
    """Whether the same actor was refused the same within a minute of it."""
    statement = select(AuditEventRow.sequence).where(
        col(AuditEventRow.actor_id) == denial.actor_id,
        col(AuditEventRow.occurred_at) > denial.occurred_at - EQUAL_DENIALS_WITHIN,
        col(AuditEventRow.occurred_at) < denial.occurred_at + EQUAL_DENIALS_WITHIN,
        col(AuditEventRow.type) == denial.type,
        col(AuditEventRow.reason) == denial.reason,
        col(AuditEventRow.resource_type) == denial.resource_type,
        col(AuditEventRow.resource_id) == denial.resource_id,
    )
    return (await session.exec(statement.limit(1))).first() is not None


async def page(session: AsyncSession, wanted: Wanted, request: PageRequest) -> Sequence[AuditEventRow]:
    statement = NEWEST_FIRST.page(_narrowed(select(AuditEventRow), wanted), AuditEventRow, request)
    return (await session.exec(cast(SelectOfScalar[AuditEventRow], statement))).all()


async def count(session: AsyncSession, wanted: Wanted) -> int:
    statement = _narrowed(select(func.count()).select_from(AuditEventRow), wanted)
    return (await session.exec(statement)).one()


def _narrowed(statement: SelectOfScalar[T], wanted: Wanted) -> SelectOfScalar[T]:
    equal = (
        (AuditEventRow.type, wanted.type),
        (AuditEventRow.resource_type, wanted.resource_type),
        (AuditEventRow.resource_id, wanted.resource_id),
        (AuditEventRow.patient_id, wanted.patient_id),
        (AuditEventRow.patient_id, wanted.own_patient_id),
        (AuditEventRow.actor_id, wanted.actor_id),
        (AuditEventRow.outcome, wanted.outcome),
    )
    for column, value in equal:
        if value is not None:
            statement = statement.where(col(column) == value)
    if wanted.occurred_from is not None:
        statement = statement.where(col(AuditEventRow.occurred_at) >= wanted.occurred_from)
    if wanted.occurred_before is not None:
        statement = statement.where(col(AuditEventRow.occurred_at) < wanted.occurred_before)
    return statement


async def head(session: AsyncSession) -> Head:
    """Read in one statement, so that both are of one moment."""
    top = select(func.max(col(AuditEventRow.sequence))).scalar_subquery()
    marked = select(ChainMarkRow.sequence).where(col(ChainMarkRow.name) == HEAD).scalar_subquery()
    hashed = select(ChainMarkRow.hash).where(col(ChainMarkRow.name) == HEAD).scalar_subquery()
    sequence, hash_, greatest = (await session.exec(select(marked, hashed, top))).one()
    mark = BEGINNING if sequence is None else Mark(sequence, hash_)
    return Head(mark, greatest or 0)


async def events_behind(session: AsyncSession, sequence: int, limit: int) -> Sequence[AuditEventRow]:
    """Raises Unreadable when a value among them is none of its column's type."""
    statement = select(AuditEventRow).where(col(AuditEventRow.sequence) > sequence)
    try:
        return (await session.exec(statement.order_by(col(AuditEventRow.sequence)).limit(limit))).all()
    except (ValueError, TypeError) as error:
        raise Unreadable from error
    except OperationalError as error:
        if "Could not decode" in str(error.orig):
            raise Unreadable from error
        raise


async def checkpoint(session: AsyncSession) -> Mark:
    row = await session.get(ChainMarkRow, CHECKPOINT)
    return BEGINNING if row is None else Mark(row.sequence, row.hash)


async def move_checkpoint(session: AsyncSession, mark: Mark) -> None:
    """Only ever forward. Raises Race when somebody else writes the first one at the same moment."""
    row = await session.get(ChainMarkRow, CHECKPOINT, with_for_update=True)
    if row is None:
        row = ChainMarkRow(name=CHECKPOINT, sequence=0, hash=BEGINNING.hash)
    if mark.sequence > row.sequence:
        row.sequence, row.hash = mark.sequence, mark.hash
    session.add(row)
    await flush_claims(session)
