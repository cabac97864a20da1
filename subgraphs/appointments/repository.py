"""Every SELECT, INSERT, UPDATE and DELETE of appointments but those of the log of changes (`changes.py`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import sqlalchemy
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    or_,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from subgraphs.appointments import access
from subgraphs.appointments.rules import TREATS_NOBODY, Span, Status
from subgraphs.appointments.tables import (
    AppointmentRow,
    ClaimRow,
    DoctorCopyRow,
    GlassRow,
    PatientCopyRow,
    TransitionRow,
)
from subgraphs.kernel.database import Race
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.pagination import Keyset, PageRequest
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.rows import read_rows, run, select_rows, table_of

LATEST_FIRST = Keyset("appointments", ("slot", "id"), (datetime, str), descending=True)
LATEST_OF_ONE_FIRST = {
    "patient_id": replace(LATEST_FIRST, name="of-patient"),
    "doctor_id": replace(LATEST_FIRST, name="of-doctor"),
}
"""The same order in the lists of one patient or doctor, whose cursors are of no other list."""

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_DOCTORS = select_rows(DoctorCopyRow).where(col(DoctorCopyRow.id).in_(_IDS))
_PATIENTS = select_rows(PatientCopyRow).where(col(PatientCopyRow.id).in_(_IDS))
_BY_ID = select_rows(AppointmentRow).where(col(AppointmentRow.id).in_(_IDS))
_LATEST_OF = {
    parent: LATEST_FIRST.ordered(
        select_rows(AppointmentRow).where(getattr(AppointmentRow, parent) == bindparam("parent")), AppointmentRow
    ).limit(bindparam("limit"))
    for parent in ("patient_id", "doctor_id")
}
_CLAIM = insert(table_of(ClaimRow))

_TREATS_NOBODY = [status.value for status in TREATS_NOBODY]
_FEW = 250
_PAGES_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of appointments is narrowed to; None does not narrow. `since` and `before`: [since, before)."""

    patient_id: str | None = None
    doctor_id: str | None = None
    department_id: str | None = None
    statuses: tuple[Status, ...] | None = None
    since: datetime | None = None
    before: datetime | None = None

    @property
    def names_somebody(self) -> bool:
        return self.patient_id is not None or self.doctor_id is not None

    def parts(self, *, of_somebody: bool) -> Iterator[ColumnElement[bool]]:
        """`of_somebody`: the list is one patient's or doctor's, and that is what it is to be found by."""
        for column, id in (
            (AppointmentRow.patient_id, self.patient_id),
            (AppointmentRow.doctor_id, self.doctor_id),
            (AppointmentRow.department_id, self.department_id),
        ):
            if id is not None:
                yield col(column) == id if is_id(id) else false()
        if self.statuses is not None:
            status = _looked_at(AppointmentRow.status) if of_somebody else col(AppointmentRow.status)
            yield status.in_([status.value for status in self.statuses])
        if self.since is not None:
            yield col(AppointmentRow.slot) >= self.since
        if self.before is not None:
            yield col(AppointmentRow.slot) < self.before


def listed(
    principal: Principal | None, now: datetime, narrowed: Filter, *, of_parents: bool = False
) -> ColumnElement[bool]:
    """What is asked for and seen; `of_parents`: in lists of patients or doctors, whose ids stand beside this."""
    of_somebody = of_parents or narrowed.names_somebody or _is(principal, RoleName.PATIENT)
    return and_(true(), *narrowed.parts(of_somebody=of_somebody), _visible_to(principal, now))


async def listed_for(
    session: AsyncSession, principal: Principal, now: datetime, narrowed: Filter
) -> ColumnElement[bool]:
    """The same, where it may cost a statement to find the cheap way to it.

    A doctor sees the appointments of many patients, in no index's order. Where they are few they are found first and
    sorted; where they are many a walk through all of them, latest first, soon fills a page.
    """
    if not _is(principal, RoleName.DOCTOR) or principal.doctor_id is None or narrowed.names_somebody:
        return listed(principal, now, narrowed)
    found = await _seen_by_doctor(session, principal.doctor_id, principal.account_id, now, _FEW + 1)
    if len(found) > _FEW:
        return listed(principal, now, narrowed)
    return and_(col(AppointmentRow.id).in_(found), *narrowed.parts(of_somebody=True))


def _visible_to(principal: Principal | None, now: datetime) -> ColumnElement[bool]:
    """Which appointments the principal sees: `access.APPOINTMENT` as SQL."""
    if access.sees_whole(access.APPOINTMENT, principal):
        return true()
    if principal is not None and principal.role is RoleName.PATIENT and principal.patient_id:
        return col(AppointmentRow.patient_id) == principal.patient_id
    if principal is not None and principal.role is RoleName.DOCTOR and principal.doctor_id:
        own = _looked_at(AppointmentRow.doctor_id) == principal.doctor_id
        patient = _looked_at(AppointmentRow.patient_id)
        treated, broken = _patients_treated_by(principal.doctor_id), _patients_open_to(principal.account_id, now)
        return or_(own, patient.in_(treated), patient.in_(broken))
    return false()


async def _seen_by_doctor(
    session: AsyncSession, doctor_id: str, account_id: str, now: datetime, limit: int
) -> Sequence[str]:
    """The ids of what the doctor sees, in no order, perhaps some twice, as long as there are no more than that."""
    ids = select(col(AppointmentRow.id))
    own = ids.where(col(AppointmentRow.doctor_id) == doctor_id)
    treated = ids.where(col(AppointmentRow.patient_id).in_(_patients_treated_by(doctor_id)))
    broken = ids.where(col(AppointmentRow.patient_id).in_(_patients_open_to(account_id, now)))
    found: Any = await session.exec(cast(Any, union_all(own, treated, broken).limit(limit)))
    return list(found.scalars())


def _is(principal: Principal | None, role: RoleName) -> bool:
    return principal is not None and principal.role is role


def _looked_at(column: object) -> ColumnElement[Any]:
    """A column to compare, but not to search by: SQLite, which counts no rows, would think its index the narrowest."""
    return func.coalesce(column, "")


def _patients_treated_by(doctor_id: str) -> SelectOfScalar[str]:
    return select(col(AppointmentRow.patient_id)).where(_treated_by(doctor_id))


def _patients_open_to(account_id: str, now: datetime) -> SelectOfScalar[str]:
    return select(col(GlassRow.patient_id)).where(
        col(GlassRow.account_id) == account_id, col(GlassRow.expires_at) > now
    )


def _treated_by(doctor_id: str) -> ColumnElement[bool]:
    return and_(col(AppointmentRow.doctor_id) == doctor_id, col(AppointmentRow.status).not_in(_TREATS_NOBODY))


async def appointment(session: AsyncSession, id: str) -> AppointmentRow | None:
    return await session.get(AppointmentRow, id) if is_id(id) else None


async def appointments_by_id(session: AsyncSession, ids: Iterable[str]) -> dict[str, AppointmentRow]:
    rows = await read_rows(session, AppointmentRow, _BY_ID, {"ids": list(ids)})
    return {row.id: row for row in rows}


async def page(session: AsyncSession, where: ColumnElement[bool], wanted: PageRequest) -> Sequence[AppointmentRow]:
    statement = LATEST_FIRST.page(select(AppointmentRow).where(where), AppointmentRow, wanted)
    return (await session.exec(cast(SelectOfScalar[AppointmentRow], statement))).all()


async def count(session: AsyncSession, where: ColumnElement[bool]) -> int:
    return (await session.exec(select(func.count()).select_from(AppointmentRow).where(where))).one()


async def pages(
    session: AsyncSession, parent: str, ids: Sequence[str], where: ColumnElement[bool], wanted: PageRequest
) -> dict[str, list[AppointmentRow]]:
    """The first rows (one more than a page) of each value of the attribute `parent`."""
    if len(ids) == 1:
        return {ids[0]: list(await page(session, and_(getattr(AppointmentRow, parent) == ids[0], where), wanted))}
    found: dict[str, list[AppointmentRow]] = defaultdict(list)
    for start in range(0, len(ids), _PAGES_AT_ONCE):
        statement = _PAGES_OF[parent](ids[start : start + _PAGES_AT_ONCE], where, wanted)
        for row in (await session.exec(statement)).scalars():
            found[getattr(row, parent)].append(row)
    return found


def _pages_of_patients(ids: Sequence[str], where: ColumnElement[bool], wanted: PageRequest) -> Any:
    """A patient's list is short: all of it is read, and numbered."""
    owned = and_(col(AppointmentRow.patient_id).in_(ids), where)
    return LATEST_FIRST.page_per_parent(AppointmentRow, "patient_id", owned, wanted)


def _pages_of_doctors(ids: Sequence[str], where: ColumnElement[bool], wanted: PageRequest) -> Any:
    """A doctor's list is long: of each the index gives the page, and what stands behind it is not read."""
    owned = (select(AppointmentRow).where(col(AppointmentRow.doctor_id) == id, where) for id in ids)
    pages = (sqlalchemy.select(LATEST_FIRST.page(own, AppointmentRow, wanted).subquery()) for own in owned)
    rows = aliased(AppointmentRow, union_all(*pages).subquery())
    return LATEST_FIRST.ordered(sqlalchemy.select(rows), rows)


_PAGES_OF = {"patient_id": _pages_of_patients, "doctor_id": _pages_of_doctors}


async def latest_of(session: AsyncSession, parent: str, id: str, limit: int) -> Sequence[AppointmentRow]:
    """The first rows of one patient's or doctor's whole list, for who sees all of it."""
    return await read_rows(session, AppointmentRow, _LATEST_OF[parent], {"parent": id, "limit": limit})


async def counts(session: AsyncSession, parent: str, ids: Sequence[str], where: ColumnElement[bool]) -> dict[str, int]:
    owner = getattr(AppointmentRow, parent)
    statement = select(owner, func.count()).where(owner.in_(ids), where).group_by(owner)
    return dict((await session.exec(statement)).all())


async def reached(
    session: AsyncSession, doctor_id: str, account_id: str, now: datetime, patient_ids: Sequence[str]
) -> set[str]:
    """Those of the patients whom the doctor treats, and whose glass the account has broken."""
    treated = _patients_treated_by(doctor_id).where(col(AppointmentRow.patient_id).in_(patient_ids))
    broken = _patients_open_to(account_id, now).where(col(GlassRow.patient_id).in_(patient_ids))
    found: Any = await session.exec(cast(Any, union_all(treated.distinct(), broken)))
    return set(found.scalars())


async def open_glass(session: AsyncSession, now: datetime) -> dict[tuple[str, str], datetime]:
    """All that is broken now: by account and patient, until when."""
    columns = col(GlassRow.account_id), col(GlassRow.patient_id), col(GlassRow.expires_at)
    found = await session.exec(select(*columns).where(columns[2] > now))
    return {(account_id, patient_id): until for account_id, patient_id, until in found}


async def treating(session: AsyncSession, patient_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """By patient: the doctors who treat them."""
    columns = col(AppointmentRow.patient_id), col(AppointmentRow.doctor_id)
    statement = select(*columns).where(columns[0].in_(list(patient_ids)))
    pairs = await session.exec(statement.where(col(AppointmentRow.status).not_in(_TREATS_NOBODY)).distinct())
    found: dict[str, set[str]] = defaultdict(set)
    for patient_id, doctor_id in pairs:
        found[patient_id].add(doctor_id)
    return {patient_id: frozenset(doctors) for patient_id, doctors in found.items()}


async def save(session: AsyncSession, row: AppointmentRow, **changes: Any) -> None:
    """Writes the changes and the next version, if the row is still as it was read. Raises Race when it is not."""
    changes["version"] = row.version + 1
    unchanged = and_(col(AppointmentRow.id) == row.id, col(AppointmentRow.version) == row.version)
    statement = update(AppointmentRow).where(unchanged).values(**changes)
    result: Any = await session.exec(statement, execution_options={"synchronize_session": False})
    if result.rowcount != 1:
        raise Race
    for name, value in changes.items():
        set_committed_value(row, name, value)


async def histories(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[TransitionRow]]:
    """By appointment, oldest first."""
    statement = select(TransitionRow).where(col(TransitionRow.appointment_id).in_(ids))
    found: dict[str, list[TransitionRow]] = defaultdict(list)
    for row in await session.exec(statement.order_by(col(TransitionRow.appointment_id), col(TransitionRow.version))):
        found[row.appointment_id].append(row)
    return found


async def imported_by_key(session: AsyncSession, keys: Collection[str]) -> dict[str, str]:
    """The ids of those visits that are here already."""
    columns = col(AppointmentRow.import_key), col(AppointmentRow.id)
    found = await session.exec(select(*columns).where(columns[0].in_(keys)))
    return {key: id for key, id in found if key is not None}


def doctors_time(doctor_id: str) -> str:
    return f"d:{doctor_id}"


def patients_time(patient_id: str) -> str:
    return f"p:{patient_id}"


async def claim(session: AsyncSession, owners: Sequence[str], span: Span, appointment_id: str) -> None:
    """Raises IntegrityError where another appointment has any of that time."""
    rows = [{"owner": owner, "step": step, "appointment_id": appointment_id} for owner in owners for step in span.steps]
    await run(session, _CLAIM, rows)


async def free(session: AsyncSession, owners: Sequence[str], span: Span) -> None:
    await session.exec(delete(ClaimRow).where(_claimed(owners, span)), execution_options={"synchronize_session": False})


async def free_before(session: AsyncSession, step: int, limit: int) -> int:
    """Frees the oldest claims before that step, about as many as the limit; gives how many went."""
    oldest = select(col(ClaimRow.step)).where(col(ClaimRow.step) < step).order_by(col(ClaimRow.step)).limit(limit)
    last = max((await session.exec(oldest)).all(), default=None)
    if last is None:
        return 0
    result: Any = await session.exec(delete(ClaimRow).where(col(ClaimRow.step) <= last))
    return int(result.rowcount)


async def claimants(session: AsyncSession, owners: Sequence[str], span: Span, except_for: str) -> set[str]:
    """Those of the owners who are taken then by another appointment."""
    statement = select(col(ClaimRow.owner)).where(_claimed(owners, span), col(ClaimRow.appointment_id) != except_for)
    return set(await session.exec(statement.distinct()))


async def taken_steps(session: AsyncSession, doctor_ids: Sequence[str], span: Span) -> dict[str, set[int]]:
    """By doctor: the steps on which they are booked."""
    owners = {doctors_time(id): id for id in doctor_ids}
    found: dict[str, set[int]] = {id: set() for id in doctor_ids}
    statement = select(col(ClaimRow.owner), col(ClaimRow.step)).where(_claimed(list(owners), span))
    for owner, step in await session.exec(statement):
        found[owners[owner]].add(step)
    return found


def _claimed(owners: Sequence[str], span: Span) -> ColumnElement[bool]:
    steps = span.steps
    return and_(col(ClaimRow.owner).in_(owners), col(ClaimRow.step) >= steps.start, col(ClaimRow.step) < steps.stop)


async def doctor_copies(session: AsyncSession, ids: Iterable[str]) -> dict[str, DoctorCopyRow]:
    rows = await read_rows(session, DoctorCopyRow, _DOCTORS, {"ids": [id for id in ids if is_id(id)]})
    return {row.id: row for row in rows}


async def patient_copies(session: AsyncSession, ids: Iterable[str]) -> dict[str, PatientCopyRow]:
    rows = await read_rows(session, PatientCopyRow, _PATIENTS, {"ids": [id for id in ids if is_id(id)]})
    return {row.id: row for row in rows}
