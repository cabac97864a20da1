"""The log of status changes: numbered in the order of commits without gaps, kept 30 days at least, read by the stream.

A file of its own beside the repository, because the order of its statements is what makes the stream miss nothing: the
counter's row is locked by the last statements of a fact's transaction until that commits, so whoever sees a number sees
every lower one too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import bindparam, delete, func, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import repository
from subgraphs.appointments.tables import AppointmentRow, ChangeCounterRow, ChangeRow
from subgraphs.kernel.database import Race
from subgraphs.kernel.errors import BadUserInput
from subgraphs.kernel.pagination import Keyset
from subgraphs.kernel.rows import run, run_unheard, table_of, write_rows

_CURSORS = Keyset(
    "status changes", ("sequence",), (int,), from_where="`cursor` of a change, or `appointmentChangesCursor`"
)
_THE_COUNTER = 1
_LIVE = col(ChangeCounterRow.id) == _THE_COUNTER

_CHANGES, _COUNTER = table_of(ChangeRow), table_of(ChangeCounterRow)
_FIELDS = tuple(column for column in _CHANGES.c if column.name != "sequence")
_COUNT = update(_COUNTER).where(_LIVE).values(value=_COUNTER.c.value + 1)
_BEGIN = insert(_COUNTER)
_APPEND = insert(_CHANGES).from_select(
    ["sequence", *(column.name for column in _FIELDS)],
    sqlalchemy.select(_COUNTER.c.value, *(bindparam(column.name, type_=column.type) for column in _FIELDS)).where(
        _LIVE
    ),
)


@dataclass(frozen=True, slots=True)
class Reach:
    """The sequence of the last change, and of the last one that was pruned."""

    last: int
    pruned: int


@dataclass(slots=True)
class Change:
    """A change with what decides who sees it: the appointment as it now is, and the doctors who treat the patient."""

    row: ChangeRow
    appointment: AppointmentRow
    treating: frozenset[str]

    @property
    def sequence(self) -> int:
        return self.row.sequence


@dataclass(frozen=True, slots=True)
class _Place:
    sequence: int


def cursor(sequence: int) -> str:
    """The opaque cursor of the change of that number; of 0, before the first."""
    return _CURSORS.cursor(_Place(sequence))


def sequence_of(cursor: str) -> int:
    """Raises BadUserInput for what is no cursor of the changes."""
    (sequence,) = _CURSORS.request(1, cursor).after or (-1,)
    if sequence < 0:
        raise BadUserInput("`after` is not a cursor of the changes. Take one from `cursor`.")
    return int(sequence)


def check_reach(sequence: int, reach: Reach) -> None:
    """Raises BadUserInput for a change that never was, and for one so old that what followed it is not kept."""
    if sequence > reach.last:
        raise BadUserInput("`after` is not a cursor of the changes. Take one from `cursor`.")
    if sequence < reach.pruned:
        message = "The changes after this cursor are not kept any more. Read the list anew and go on from there."
        raise BadUserInput(message, reason="CURSOR_EXPIRED")


async def reach(session: AsyncSession) -> Reach:
    columns = col(ChangeCounterRow.value), col(ChangeCounterRow.pruned_through)
    found = (await session.exec(select(*columns).where(_LIVE))).one_or_none()
    return Reach(0, 0) if found is None else Reach(*found)


async def append(session: AsyncSession, **fields: Any) -> None:
    """The last statements of a transaction: nothing may follow them but its commit."""
    await write_rows(session, put_off=True)
    if (await run(session, _COUNT)).rowcount == 0:
        await _begin(session)
    await run_unheard(session, _APPEND, fields)


async def _begin(session: AsyncSession) -> None:
    try:
        await run(session, _BEGIN, {"id": _THE_COUNTER, "value": 1, "pruned_through": 0})
    except IntegrityError as error:
        raise Race from error


async def after(session: AsyncSession, sequence: int, limit: int) -> list[Change]:
    """The next changes, in order, with the appointments as they now are: three statements at the most."""
    later = select(ChangeRow).where(col(ChangeRow.sequence) > sequence)
    rows = (await session.exec(later.order_by(col(ChangeRow.sequence)).limit(limit))).all()
    if not rows:
        return []
    appointments = await repository.appointments_by_id(session, {row.appointment_id for row in rows})
    treating = await repository.treating(session, {row.patient_id for row in rows})
    return [_change(row, appointments, treating) for row in rows]


def _change(row: ChangeRow, appointments: dict[str, AppointmentRow], treating: dict[str, frozenset[str]]) -> Change:
    return Change(row, appointments[row.appointment_id], treating.get(row.patient_id, frozenset()))


async def move_horizon(session: AsyncSession, before: datetime) -> int:
    """Declares what was changed before that instant as not kept any more; gives the sequence of the last of it.

    Only ever forward: another may have moved it further since it was read.
    """
    known = await reach(session)
    first_kept = (
        await session.exec(select(func.min(ChangeRow.sequence)).where(col(ChangeRow.changed_at) >= before))
    ).one()
    horizon = max(known.pruned, known.last if first_kept is None else first_kept - 1)
    await session.exec(
        update(ChangeCounterRow)
        .where(_LIVE, col(ChangeCounterRow.pruned_through) < horizon)
        .values(pruned_through=horizon),
        execution_options={"synchronize_session": False},
    )
    return horizon


async def delete_through(session: AsyncSession, horizon: int, limit: int) -> int:
    """Deletes at most `limit` of the oldest changes up to the horizon; gives how many."""
    oldest = select(col(ChangeRow.sequence)).where(col(ChangeRow.sequence) <= horizon)
    doomed: Sequence[int] = (await session.exec(oldest.order_by(col(ChangeRow.sequence)).limit(limit))).all()
    if doomed:
        await session.exec(
            delete(ChangeRow).where(col(ChangeRow.sequence) <= doomed[-1]),
            execution_options={"synchronize_session": False},
        )
    return len(doomed)
