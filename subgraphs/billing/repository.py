"""Every SELECT, INSERT and UPDATE of billing but those of the report (`report.py`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, false, func, insert, true, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from subgraphs.billing import access
from subgraphs.billing.rules import BillStatus
from subgraphs.billing.tables import (
    AppointmentCopyRow,
    BillingTable,
    BillRow,
    ClaimRow,
    NumberRow,
    PatientCopyRow,
    PaymentRow,
    PolicyRow,
)
from subgraphs.kernel.database import Race
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.pagination import Keyset, PageRequest
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.rows import read_rows, run, select_rows, table_of

NEWEST_FIRST = Keyset("bills", ("created_at", "id"), (datetime, str), descending=True)
NEWEST_OF_ONE_FIRST = replace(NEWEST_FIRST, name="bills-of-patient")
"""The same order in the lists of one patient, whose cursors are of no other list."""

RowClass = TypeVar("RowClass", bound=BillingTable)

_IDS: BindParameter[str] = bindparam("ids", expanding=True)
_APPOINTMENT = select_rows(AppointmentCopyRow).where(col(AppointmentCopyRow.id).in_(_IDS))
_PATIENT = select_rows(PatientCopyRow).where(col(PatientCopyRow.id).in_(_IDS))
_BILLS = select_rows(BillRow).where(col(BillRow.id).in_(_IDS))
_BILLS_OF_APPOINTMENTS = select_rows(BillRow).where(col(BillRow.billed_appointment_id).in_(_IDS))
_NEWEST_OF = NEWEST_FIRST.ordered(
    select_rows(BillRow).where(col(BillRow.patient_id) == bindparam("patient")), BillRow
).limit(bindparam("limit"))
_PAYMENTS = select_rows(PaymentRow).where(col(PaymentRow.bill_id).in_(_IDS)).order_by(col(PaymentRow.id).desc())
_CLAIMS_OF_BILLS = (
    select_rows(ClaimRow)
    .where(col(ClaimRow.bill_id).in_(_IDS))
    .order_by(col(ClaimRow.created_at).desc(), col(ClaimRow.id).desc())
)
_CLAIMS = select_rows(ClaimRow).where(col(ClaimRow.id).in_(_IDS))
_POLICIES = select_rows(PolicyRow).where(col(PolicyRow.id).in_(_IDS))
_POLICIES_OF_PATIENTS = (
    select_rows(PolicyRow)
    .where(col(PolicyRow.patient_id).in_(_IDS))
    .order_by(col(PolicyRow.created_at).desc(), col(PolicyRow.id).desc())
)
_NUMBERS = table_of(NumberRow)
_AS_IT_NOW_IS = {"populate_existing": True}


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of bills is narrowed to; None does not narrow. `since` and `before`: [since, before)."""

    patient_id: str | None = None
    statuses: tuple[BillStatus, ...] | None = None
    since: datetime | None = None
    before: datetime | None = None

    def parts(self) -> Iterator[ColumnElement[bool]]:
        if self.patient_id is not None:
            yield col(BillRow.patient_id) == self.patient_id if is_id(self.patient_id) else false()
        if self.statuses is not None:
            yield col(BillRow.status).in_([status.value for status in self.statuses])
        if self.since is not None:
            yield col(BillRow.created_at) >= self.since
        if self.before is not None:
            yield col(BillRow.created_at) < self.before


def listed(principal: Principal | None, narrowed: Filter) -> ColumnElement[bool]:
    """What is asked for and seen: `access.BILL` as SQL."""
    return and_(true(), *narrowed.parts(), _visible_to(principal))


def _visible_to(principal: Principal | None) -> ColumnElement[bool]:
    if access.sees_every_bill(principal):
        return true()
    if principal is not None and principal.patient_id and access.sees_bills_of(principal, principal.patient_id):
        return col(BillRow.patient_id) == principal.patient_id
    return false()


async def page(session: AsyncSession, where: ColumnElement[bool], wanted: PageRequest) -> Sequence[BillRow]:
    statement = NEWEST_FIRST.page(select(BillRow).where(where), BillRow, wanted)
    return (await session.exec(cast(SelectOfScalar[BillRow], statement))).all()


async def count(session: AsyncSession, where: ColumnElement[bool]) -> int:
    return (await session.exec(select(func.count()).select_from(BillRow).where(where))).one()


async def newest_of(session: AsyncSession, patient_id: str, limit: int) -> Sequence[BillRow]:
    """The first rows of one patient's whole list."""
    return await read_rows(session, BillRow, _NEWEST_OF, {"patient": patient_id, "limit": limit})


async def pages(session: AsyncSession, patient_ids: Sequence[str], wanted: PageRequest) -> dict[str, list[BillRow]]:
    """The first rows (one more than a page) of each patient."""
    where = col(BillRow.patient_id).in_(patient_ids)
    statement: Any = NEWEST_FIRST.page_per_parent(BillRow, "patient_id", where, wanted)
    found: dict[str, list[BillRow]] = defaultdict(list)
    for row in (await session.exec(statement)).scalars():
        found[row.patient_id].append(row)
    return found


async def counts(session: AsyncSession, patient_ids: Sequence[str]) -> dict[str, int]:
    owner = col(BillRow.patient_id)
    statement = select(owner, func.count()).where(owner.in_(patient_ids)).group_by(owner)
    return dict((await session.exec(statement)).all())


async def _found(
    session: AsyncSession, row_class: type[RowClass], statement: Any, ids: Iterable[str]
) -> list[RowClass]:
    known = [id for id in ids if is_id(id)]
    return list(await read_rows(session, row_class, statement, {"ids": known})) if known else []


async def bills(session: AsyncSession, ids: Iterable[str]) -> dict[str, BillRow]:
    return {row.id: row for row in await _found(session, BillRow, _BILLS, ids)}


async def bills_of_appointments(session: AsyncSession, ids: Iterable[str]) -> dict[str, BillRow]:
    """By appointment: the bill that is not void."""
    return {row.appointment_id: row for row in await _found(session, BillRow, _BILLS_OF_APPOINTMENTS, ids)}


async def payments_of_bills(session: AsyncSession, ids: Iterable[str]) -> dict[str, list[PaymentRow]]:
    """Newest first."""
    return _by_bill(await _found(session, PaymentRow, _PAYMENTS, ids))


async def claims_of_bills(session: AsyncSession, ids: Iterable[str]) -> dict[str, list[ClaimRow]]:
    """Newest first."""
    return _by_bill(await _found(session, ClaimRow, _CLAIMS_OF_BILLS, ids))


def _by_bill(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.bill_id].append(row)
    return found


async def claims(session: AsyncSession, ids: Iterable[str]) -> dict[str, ClaimRow]:
    return {row.id: row for row in await _found(session, ClaimRow, _CLAIMS, ids)}


async def policies(session: AsyncSession, ids: Iterable[str]) -> dict[str, PolicyRow]:
    return {row.id: row for row in await _found(session, PolicyRow, _POLICIES, ids)}


async def policies_of_patients(session: AsyncSession, ids: Iterable[str]) -> dict[str, list[PolicyRow]]:
    """Newest first."""
    found: dict[str, list[PolicyRow]] = defaultdict(list)
    for row in await _found(session, PolicyRow, _POLICIES_OF_PATIENTS, ids):
        found[row.patient_id].append(row)
    return found


async def appointments(session: AsyncSession, ids: Iterable[str]) -> dict[str, AppointmentCopyRow]:
    return {row.id: row for row in await _found(session, AppointmentCopyRow, _APPOINTMENT, ids)}


async def patients(session: AsyncSession, ids: Iterable[str]) -> dict[str, PatientCopyRow]:
    return {row.id: row for row in await _found(session, PatientCopyRow, _PATIENT, ids)}


async def payment(session: AsyncSession, id: str) -> PaymentRow | None:
    """As it is committed, to be read."""
    return await session.get(PaymentRow, id) if is_id(id) else None


async def locked(session: AsyncSession, row_class: type[RowClass], id: str) -> RowClass | None:
    """The row for this transaction alone, to be changed: others who want it wait until this one is over."""
    if not is_id(id):
        return None
    statement = select(row_class).where(cast(Any, row_class).id == id).with_for_update()
    return (await session.exec(statement, execution_options=_AS_IT_NOW_IS)).one_or_none()


async def locked_payments(session: AsyncSession, before: datetime, limit: int) -> Sequence[PaymentRow]:
    """Those about which the provider is to be asked by then, the longest due first; what another has is passed over."""
    due = select(PaymentRow).where(col(PaymentRow.ask_at) <= before).order_by(col(PaymentRow.ask_at)).limit(limit)
    return (await session.exec(due.with_for_update(skip_locked=True), execution_options=_AS_IT_NOW_IS)).all()


async def next_number(session: AsyncSession, year: int) -> int:
    """The next place in that year's bills; who else wants one waits until this transaction is over."""
    this_year = _NUMBERS.c.year == year
    counted = await run(session, update(_NUMBERS).where(this_year).values(last=_NUMBERS.c.last + 1))
    if counted.rowcount == 0:
        await _begin_year(session, year)
    return int((await run(session, cast(Any, select(_NUMBERS.c.last).where(this_year)))).scalar_one())


async def _begin_year(session: AsyncSession, year: int) -> None:
    try:
        await run(session, insert(_NUMBERS), {"year": year, "last": 1})
    except IntegrityError as error:
        raise Race from error


async def imported_bills(session: AsyncSession, keys: Collection[str]) -> dict[str, str]:
    return await _imported(session, BillRow, keys)


async def imported_policies(session: AsyncSession, keys: Collection[str]) -> dict[str, str]:
    return await _imported(session, PolicyRow, keys)


async def _imported(session: AsyncSession, row_class: Any, keys: Collection[str]) -> dict[str, str]:
    """By import key: the ids of what is here already."""
    found = await session.exec(select(row_class.import_key, row_class.id).where(row_class.import_key.in_(keys)))
    return dict(found.all())
