"""Every SELECT, INSERT and UPDATE of records."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, union_all, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from subgraphs.kernel.database import Race
from subgraphs.kernel.pagination import Keyset, PageRequest
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.rows import keep_newest, read_rows, select_rows, table_of
from subgraphs.kernel.search import begins_with
from subgraphs.records.events import GlassBroken
from subgraphs.records.rules import Codes, CodeSystem
from subgraphs.records.tables import (
    AllergyRow,
    CodeListRow,
    CodeRow,
    GlassRow,
    MedicalRecordRow,
    PatientCopyRow,
    TreatingRow,
    VersionRow,
)

NEWEST_FIRST = Keyset("medical records", ("treated_at", "id"), (datetime, str), descending=True)

_BY_ID = select_rows(MedicalRecordRow).where(col(MedicalRecordRow.id).in_(bindparam("ids", expanding=True)))
_CODES = select_rows(CodeRow).where(col(CodeRow.code).in_(bindparam("codes", expanding=True)))

_Imported = TypeVar("_Imported", MedicalRecordRow, AllergyRow)


async def record(session: AsyncSession, id: str) -> MedicalRecordRow | None:
    return await session.get(MedicalRecordRow, id)


async def records_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, MedicalRecordRow]:
    rows = await read_rows(session, MedicalRecordRow, _BY_ID, {"ids": list(ids)})
    return {row.id: row for row in rows}


async def records_of_appointments(session: AsyncSession, ids: Collection[str]) -> dict[str, MedicalRecordRow]:
    """By appointment."""
    rows = (await session.exec(select(MedicalRecordRow).where(col(MedicalRecordRow.appointment_id).in_(ids)))).all()
    return {row.appointment_id: row for row in rows if row.appointment_id is not None}


async def pages(
    session: AsyncSession, patient_ids: Sequence[str], wanted: PageRequest
) -> dict[str, list[MedicalRecordRow]]:
    """By patient, the first rows and one more than a page."""
    owned: ColumnElement[bool] = col(MedicalRecordRow.patient_id).in_(patient_ids)
    if len(patient_ids) == 1:
        statement = NEWEST_FIRST.page(select(MedicalRecordRow).where(owned), MedicalRecordRow, wanted)
        return {patient_ids[0]: list((await session.exec(cast(SelectOfScalar[MedicalRecordRow], statement))).all())}
    of_many: Any = NEWEST_FIRST.page_per_parent(MedicalRecordRow, "patient_id", owned, wanted)
    return _by_patient((await session.exec(of_many)).scalars())


async def counts(session: AsyncSession, patient_ids: Sequence[str]) -> dict[str, int]:
    owner = col(MedicalRecordRow.patient_id)
    statement: Any = select(owner, func.count()).where(owner.in_(patient_ids)).group_by(owner)
    return dict((await session.exec(statement)).all())


async def ids_of_patients(session: AsyncSession, patient_ids: Sequence[str]) -> dict[str, list[str]]:
    """By patient, in the order of their list."""
    columns = col(MedicalRecordRow.patient_id), col(MedicalRecordRow.id)
    statement = select(*columns).where(columns[0].in_(patient_ids))
    found: dict[str, list[str]] = defaultdict(list)
    ordered = cast(Any, NEWEST_FIRST.ordered(cast(Any, statement), MedicalRecordRow))
    for patient_id, id in (await session.exec(ordered)).all():
        found[patient_id].append(id)
    return found


async def versions(session: AsyncSession, record_ids: Sequence[str]) -> dict[str, list[VersionRow]]:
    """By record, oldest first."""
    statement = select(VersionRow).where(col(VersionRow.record_id).in_(record_ids))
    found: dict[str, list[VersionRow]] = defaultdict(list)
    for row in await session.exec(statement.order_by(col(VersionRow.record_id), col(VersionRow.version))):
        found[row.record_id].append(row)
    return found


async def allergies(session: AsyncSession, patient_ids: Sequence[str]) -> dict[str, list[AllergyRow]]:
    """By patient, newest first; those without a date are last."""
    statement = select(AllergyRow).where(col(AllergyRow.patient_id).in_(patient_ids))
    rows = await session.exec(statement.order_by(col(AllergyRow.recorded_at).desc(), col(AllergyRow.id).desc()))
    return _by_patient(rows)


async def reached(
    session: AsyncSession, doctor_id: str | None, account_id: str, patient_ids: Collection[str], now: datetime
) -> set[str]:
    """Those of the patients whom the doctor treats, or whose glass the account has broken."""
    broken = _open_to(account_id, now).where(col(GlassRow.patient_id).in_(patient_ids))
    if doctor_id is None:
        return set((await session.exec(broken)).all())
    treated = _treated_by(doctor_id).where(col(TreatingRow.patient_id).in_(patient_ids))
    found: Any = await session.exec(cast(Any, union_all(treated, broken)))
    return set(found.scalars())


async def statuses(session: AsyncSession, doctor_id: str, patient_id: str) -> Sequence[str]:
    """Of the appointments that make the doctor one who treats the patient."""
    own = and_(col(TreatingRow.doctor_id) == doctor_id, col(TreatingRow.patient_id) == patient_id)
    return (await session.exec(select(TreatingRow.status).where(own, col(TreatingRow.treats)))).all()


async def appointment(session: AsyncSession, id: str) -> TreatingRow | None:
    return await session.get(TreatingRow, id)


async def appointments_by_id(session: AsyncSession, ids: Collection[str]) -> dict[str, TreatingRow]:
    rows = (await session.exec(select(TreatingRow).where(col(TreatingRow.appointment_id).in_(ids)))).all()
    return {row.appointment_id: row for row in rows}


async def known_patients(session: AsyncSession, ids: Collection[str]) -> set[str]:
    return set((await session.exec(select(PatientCopyRow.id).where(col(PatientCopyRow.id).in_(ids)))).all())


async def ids_by_import_key(session: AsyncSession, row_class: type[_Imported], keys: Collection[str]) -> dict[str, str]:
    statement = select(row_class.import_key, row_class.id).where(col(row_class.import_key).in_(keys))
    return {key: id for key, id in (await session.exec(statement)).all() if key is not None}


async def save(session: AsyncSession, row: MedicalRecordRow, **changes: Any) -> None:
    """Writes the changes and the next version, if the row is still as it was read. Raises Race when it is not."""
    unchanged = and_(col(MedicalRecordRow.id) == row.id, col(MedicalRecordRow.version) == row.version)
    statement = update(MedicalRecordRow).where(unchanged).values(**changes, version=row.version + 1)
    done: Any = await session.exec(statement, execution_options={"synchronize_session": False})
    if done.rowcount != 1:
        raise Race
    await session.refresh(row)


async def keep_glass(session: AsyncSession, event: GlassBroken) -> None:
    await keep_newest(session, GlassRow, **event.copied())


async def codes(session: AsyncSession, asked: Collection[str]) -> Codes:
    """What there is of these codes of ICD-10-CM; no statement where none is asked for."""
    if not asked:
        return Codes()
    rows = await read_rows(session, CodeRow, _CODES, {"codes": list(asked)})
    displays = {row.code: row.display for row in rows}
    below = {code: await _first_below(session, code) for code in asked if code not in displays}
    return Codes(displays, {code: first for code, first in below.items() if first is not None})


async def digest_of_codes(session: AsyncSession) -> str | None:
    """Of the list that the codes were taken from; None where there are none yet."""
    return (
        await session.exec(select(CodeListRow.digest).where(CodeListRow.system == CodeSystem.ICD10CM))
    ).one_or_none()


async def claim_codes(session: AsyncSession, digest: str) -> bool:
    """Writes down that the codes are from this list; False when they are already. Raises Race."""
    one = select(CodeListRow).where(CodeListRow.system == CodeSystem.ICD10CM).with_for_update()
    row = (await session.exec(one)).one_or_none() or CodeListRow(system=CodeSystem.ICD10CM, digest="")
    if row.digest == digest:
        return False
    row.digest = digest
    session.add(row)
    await flush_claims(session)
    return True


async def replace_codes(session: AsyncSession, lots: Iterable[Sequence[tuple[str, str]]]) -> None:
    """With lots of (code, display)."""
    connection, table = await session.connection(), table_of(CodeRow)
    await connection.execute(delete(table))
    statement = str(insert(table).compile(dialect=connection.dialect))
    for lot in lots:  # as the driver takes them: SQLAlchemy would look at each value
        await connection.exec_driver_sql(statement, list(lot))


async def _first_below(session: AsyncSession, category: str) -> str | None:
    statement = select(func.min(CodeRow.code)).where(begins_with(CodeRow.code, category))
    return (await session.exec(statement)).one()


def _open_to(account_id: str, now: datetime) -> SelectOfScalar[str]:
    return select(GlassRow.patient_id).where(GlassRow.account_id == account_id, col(GlassRow.expires_at) > now)


def _treated_by(doctor_id: str) -> SelectOfScalar[str]:
    return select(TreatingRow.patient_id).where(TreatingRow.doctor_id == doctor_id, col(TreatingRow.treats))


def _by_patient(rows: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found
