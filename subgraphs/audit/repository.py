"""Every SELECT and INSERT of audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from sqlalchemy import func
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from subgraphs.audit.rules import BEGINNING, EQUAL_DENIALS_WITHIN, Entry, Mark
from subgraphs.audit.tables import CHECKPOINT, HEAD, AuditEventRow, ChainMarkRow
from subgraphs.kernel.pagination import Keyset, PageRequest

T = TypeVar("T")

_HELD = "audit.head"

NEWEST_FIRST = Keyset("auditEvents", ("sequence",), descending=True)


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


async def locked_head(session: AsyncSession) -> ChainMarkRow:
    """The head's row, held until the transaction ends; made for the first event. Raises LookupError when it is gone."""
    held: ChainMarkRow | None = session.info.get(_HELD)
    if held is None:
        row = await session.get(ChainMarkRow, HEAD, with_for_update=True)
        held = session.info[_HELD] = row or await _first_head(session)
    return held


async def _first_head(session: AsyncSession) -> ChainMarkRow:
    row = ChainMarkRow(name=HEAD, sequence=BEGINNING.sequence, hash=BEGINNING.hash)
    session.add(row)
    await session.flush()  # an IntegrityError here says that somebody else makes it at the same moment
    if (await session.exec(select(AuditEventRow.sequence).limit(1))).first() is not None:
        raise LookupError("the head of the audit chain is gone")
    return row


async def is_recorded(session: AsyncSession, id: str) -> bool:
    with session.no_autoflush:
        found = await session.exec(select(AuditEventRow.sequence).where(col(AuditEventRow.id) == id))
    return found.first() is not None


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
    """Only ever forward."""
    row = await session.get(ChainMarkRow, CHECKPOINT, with_for_update=True)
    if row is None:
        row = ChainMarkRow(name=CHECKPOINT, sequence=0, hash=BEGINNING.hash)
    if mark.sequence > row.sequence:
        row.sequence, row.hash = mark.sequence, mark.hash
    session.add(row)
