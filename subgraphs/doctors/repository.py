"""Every SELECT and INSERT of doctors."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors.rules import Hours
from subgraphs.doctors.tables import DepartmentRow, DoctorRow, DoctorWordRow, HoursRow, LeaveRow
from subgraphs.kernel.pagination import Keyset, Page, PageRequest, page_of
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.rows import read_rows, select_rows, table_of
from subgraphs.kernel.search import begins_with, words

DOCTORS = Keyset("doctors", ("sort_name", "id"), (str, str))
OF_DEPARTMENT = Keyset("of-department", ("sort_name", "id"), (str, str))

_BY_ID = (
    select_rows(DoctorRow)
    .add_columns(col(DepartmentRow.name).label("department_name"))
    .join(table_of(DepartmentRow))
    .where(col(DoctorRow.id).in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which doctors: of a specialty (normalised), of a department, with words of the name that begin so."""

    specialty_key: str | None = None
    department_id: str | None = None
    words: tuple[str, ...] | None = None


async def all_departments(session: AsyncSession) -> Sequence[DepartmentRow]:
    statement = select(DepartmentRow).order_by(col(DepartmentRow.sort_name), col(DepartmentRow.id))
    return (await session.exec(statement)).all()


async def departments_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, DepartmentRow]:
    rows = (await session.exec(select(DepartmentRow).where(col(DepartmentRow.id).in_(ids)))).all()
    return {row.id: row for row in rows}


async def department_ids_by_import_key(session: AsyncSession, keys: Collection[str]) -> dict[str, str]:
    statement = select(DepartmentRow.import_key, DepartmentRow.id).where(col(DepartmentRow.import_key).in_(keys))
    return {key: id for key, id in (await session.exec(statement)).all() if key is not None}


async def doctor(session: AsyncSession, id: str) -> DoctorRow | None:
    return await session.get(DoctorRow, id)


async def locked_doctor(session: AsyncSession, id: str) -> DoctorRow | None:
    """The doctor as last committed, kept from other writers until the transaction ends."""
    statement = select(DoctorRow).where(col(DoctorRow.id) == id).with_for_update(of=DoctorRow)
    return (await session.exec(statement)).one_or_none()


async def doctors_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, DoctorRow]:
    """To be shown, not to be changed."""
    rows = await read_rows(session, DoctorRow, _BY_ID, {"ids": list(ids)})
    return {row.id: row for row in rows}


async def doctor_ids_by_import_key(session: AsyncSession, keys: Collection[str]) -> dict[str, str]:
    statement = select(DoctorRow.import_key, DoctorRow.id).where(col(DoctorRow.import_key).in_(keys))
    return {key: id for key, id in (await session.exec(statement)).all() if key is not None}


async def page_of_doctors(session: AsyncSession, sought: Sought, wanted: PageRequest) -> Page[DoctorRow]:
    statement: Any = DOCTORS.page(select(DoctorRow).where(*_conditions(sought)), DoctorRow, wanted)
    return page_of((await session.exec(statement)).all(), wanted)


async def count_doctors(session: AsyncSession, sought: Sought) -> int:
    return (await session.exec(select(func.count()).select_from(DoctorRow).where(*_conditions(sought)))).one()


async def pages_of_departments(
    session: AsyncSession, department_ids: Collection[str], wanted: PageRequest
) -> dict[str, Page[DoctorRow]]:
    """A page of the doctors of each department, in one statement."""
    among = col(DoctorRow.department_id).in_(department_ids)
    if len(department_ids) == 1:
        alone: Any = OF_DEPARTMENT.page(select(DoctorRow).where(among), DoctorRow, wanted)
        rows = (await session.exec(alone)).all()
    else:
        together: Any = OF_DEPARTMENT.page_per_parent(DoctorRow, "department_id", among, wanted)
        rows = (await session.exec(together)).scalars().all()
    doctors: dict[str, list[DoctorRow]] = {id: [] for id in department_ids}
    for row in rows:
        doctors[row.department_id].append(row)
    return {id: page_of(found, wanted) for id, found in doctors.items()}


async def counts_of_departments(session: AsyncSession, department_ids: Collection[str]) -> dict[str, int]:
    department_id = col(DoctorRow.department_id)
    counted = select(department_id, func.count()).where(department_id.in_(department_ids)).group_by(department_id)
    return dict((await session.exec(counted)).all())


async def hours_of(session: AsyncSession, doctor_ids: Collection[str]) -> dict[str, list[Hours]]:
    """Of each doctor, by day and time."""
    statement = (
        select(HoursRow)
        .where(col(HoursRow.doctor_id).in_(doctor_ids))
        .order_by(col(HoursRow.doctor_id), col(HoursRow.weekday), col(HoursRow.start_minute))
    )
    hours: dict[str, list[Hours]] = {id: [] for id in doctor_ids}
    for row in (await session.exec(statement)).all():
        hours[row.doctor_id].append(Hours(row.weekday, row.start_minute, row.end_minute))
    return hours


async def leave(session: AsyncSession, id: str) -> LeaveRow | None:
    return await session.get(LeaveRow, id)


async def leave_of(
    session: AsyncSession, doctor_ids: Collection[str], starts_at: datetime | None, ends_at: datetime | None
) -> dict[str, list[LeaveRow]]:
    """Of each doctor what overlaps the range (open where it is None), the latest start first."""
    within: list[ColumnElement[bool]] = [col(LeaveRow.doctor_id).in_(doctor_ids)]
    within += [] if starts_at is None else [col(LeaveRow.ends_at) > starts_at]
    within += [] if ends_at is None else [col(LeaveRow.starts_at) < ends_at]
    statement = select(LeaveRow).where(*within).order_by(col(LeaveRow.starts_at).desc(), col(LeaveRow.id).desc())
    leave: dict[str, list[LeaveRow]] = {id: [] for id in doctor_ids}
    for row in (await session.exec(statement)).all():
        leave[row.doctor_id].append(row)
    return leave


async def add_doctors(session: AsyncSession, doctors: Iterable[tuple[DoctorRow, Sequence[Hours]]]) -> None:
    """Each with what hangs on it. Raises Race when another transaction wrote one of them first."""
    given = list(doctors)
    session.add_all(row for row, _ in given)
    await flush_claims(session)
    for row, hours in given:
        session.add_all(_word_rows(row))
        session.add_all(_hours_rows(row.id, hours))


async def replace_words(session: AsyncSession, row: DoctorRow) -> None:
    await session.exec(delete(DoctorWordRow).where(col(DoctorWordRow.doctor_id) == row.id))
    session.add_all(_word_rows(row))


async def replace_hours(session: AsyncSession, doctor_id: str, hours: Sequence[Hours]) -> None:
    await session.exec(delete(HoursRow).where(col(HoursRow.doctor_id) == doctor_id))
    session.add_all(_hours_rows(doctor_id, hours))
    await session.flush()


async def remove_leave(session: AsyncSession, id: str) -> bool:
    """False when it is gone already."""
    return (await session.exec(delete(LeaveRow).where(col(LeaveRow.id) == id))).rowcount > 0


def _conditions(sought: Sought) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if sought.specialty_key is not None:
        conditions.append(col(DoctorRow.specialty_key) == sought.specialty_key)
    if sought.department_id is not None:
        conditions.append(col(DoctorRow.department_id) == sought.department_id)
    return conditions + [_has_word(word) for word in sought.words or ()]


def _has_word(prefix: str) -> ColumnElement[bool]:
    named = select(DoctorWordRow.doctor_id).where(begins_with(col(DoctorWordRow.word), prefix))
    return col(DoctorRow.id).in_(named)


def _word_rows(row: DoctorRow) -> list[DoctorWordRow]:
    return [DoctorWordRow(word=word, doctor_id=row.id) for word in words(row.name)]


def _hours_rows(doctor_id: str, hours: Sequence[Hours]) -> list[HoursRow]:
    return [
        HoursRow(doctor_id=doctor_id, weekday=each.weekday, start_minute=each.start_minute, end_minute=each.end_minute)
        for each in hours
    ]
