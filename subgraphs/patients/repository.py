"""Every SELECT and INSERT of patients."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, bindparam, false, func, or_, true, union_all
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from subgraphs.kernel.database import Race
from subgraphs.kernel.pagination import Keyset, Page, PageRequest, page_of
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.rows import read_rows, select_rows
from subgraphs.kernel.search import begins_with, words
from subgraphs.patients.access import Scope
from subgraphs.patients.rules import Sought
from subgraphs.patients.tables import CounterRow, GlassRow, NameWordRow, PatientRow, TreatingRow

BY_NAME = Keyset("patients", ("sort_name", "id"), (str, str))

_BY_ID = select_rows(PatientRow).where(col(PatientRow.id).in_(bindparam("ids", expanding=True)))

_MRN_SERIES = "mrn"


async def patient(session: AsyncSession, id: str) -> PatientRow | None:
    return await session.get(PatientRow, id)


async def patients_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, PatientRow]:
    rows = await read_rows(session, PatientRow, _BY_ID, {"ids": list(ids)})
    return {row.id: row for row in rows}


async def ids_by_import_key(session: AsyncSession, keys: Collection[str]) -> dict[str, str]:
    statement = select(PatientRow.import_key, PatientRow.id).where(col(PatientRow.import_key).in_(keys))
    return {key: id for key, id in (await session.exec(statement)).all() if key is not None}


async def page_of_patients(
    session: AsyncSession, scope: Scope, now: datetime, search: Sought | None, wanted: PageRequest
) -> Page[PatientRow]:
    statement = select(PatientRow).where(_seen(scope, now), _found(search))
    page = cast(SelectOfScalar[PatientRow], BY_NAME.page(statement, PatientRow, wanted))
    return page_of((await session.exec(page)).all(), wanted)


async def count_patients(session: AsyncSession, scope: Scope, now: datetime, search: Sought | None) -> int:
    statement = select(func.count()).select_from(PatientRow).where(_seen(scope, now), _found(search))
    return (await session.exec(statement)).one()


async def reached_among(
    session: AsyncSession, doctor_id: str, breaker_id: str, now: datetime, patient_ids: Collection[str]
) -> set[str]:
    """Those of the patients whom the doctor treats, and whose glass the account has broken."""
    treated = _treated_by(doctor_id).where(col(TreatingRow.patient_id).in_(patient_ids))
    broken = _open_to(breaker_id, now).where(col(GlassRow.patient_id).in_(patient_ids))
    found: Any = await session.exec(cast(Any, union_all(treated, broken)))
    return set(found.scalars())


async def add(session: AsyncSession, rows: Sequence[PatientRow]) -> None:
    """Writes new patients with their words. Raises Race when another transaction wrote one of them first."""
    session.add_all(rows)
    session.add_all(word for row in rows for word in _words_of(row))
    await flush_claims(session)


async def change(session: AsyncSession, row: PatientRow, values: dict[str, Any]) -> None:
    """Writes the values on top of the version that was read. Raises Race when that is not the newest any more."""
    newest = and_(col(PatientRow.id) == row.id, col(PatientRow.version) == row.version)
    statement = update(PatientRow).where(newest).values(**values, version=row.version + 1)
    done = await session.exec(statement, execution_options={"synchronize_session": False})
    if done.rowcount != 1:
        raise Race
    await session.refresh(row)
    if "name" in values:
        await session.exec(delete(NameWordRow).where(col(NameWordRow.patient_id) == row.id))
        session.add_all(_words_of(row))


async def next_numbers(session: AsyncSession, count: int) -> range:
    """The next medical record numbers; nobody else gets one before this transaction ends."""
    of_series = col(CounterRow.name) == _MRN_SERIES
    counted = await session.exec(update(CounterRow).where(of_series).values(value=CounterRow.value + count))
    if counted.rowcount == 0:
        session.add(CounterRow(name=_MRN_SERIES, value=count))
        await flush_claims(session)
    last = (await session.exec(select(CounterRow.value).where(of_series))).one()
    return range(last - count + 1, last + 1)


def _seen(scope: Scope, now: datetime) -> ColumnElement[bool]:
    if scope.everybody:
        return true()
    if scope.patient_id is not None:
        return col(PatientRow.id) == scope.patient_id
    if scope.doctor_id is not None and scope.breaker_id is not None:
        treated, broken = _treated_by(scope.doctor_id), _open_to(scope.breaker_id, now)
        return or_(col(PatientRow.id).in_(treated), col(PatientRow.id).in_(broken))
    return false()


def _found(search: Sought | None) -> ColumnElement[bool]:
    if search is None:
        return true()
    if search.mrn is not None:
        return col(PatientRow.mrn) == search.mrn
    if search.phones:
        return col(PatientRow.phone_digits).in_(search.phones)
    return and_(*(_named(word) for word in search.words)) if search.words else false()


def _named(prefix: str) -> ColumnElement[bool]:
    named = select(NameWordRow.patient_id).where(begins_with(col(NameWordRow.word), prefix))
    return col(PatientRow.id).in_(named)


def _treated_by(doctor_id: str) -> Any:
    return select(TreatingRow.patient_id).where(TreatingRow.doctor_id == doctor_id, col(TreatingRow.treats))


def _open_to(breaker_id: str, now: datetime) -> Any:
    return select(GlassRow.patient_id).where(GlassRow.account_id == breaker_id, col(GlassRow.expires_at) > now)


def _words_of(row: PatientRow) -> list[NameWordRow]:
    return [NameWordRow(word=word, patient_id=row.id) for word in words(row.name)]
