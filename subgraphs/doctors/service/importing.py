"""Departments and doctors of another system, batch by batch: each is taken once, and a bad one is refused alone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import repository, rules
from subgraphs.doctors.events import DepartmentCreated, DoctorRegistered
from subgraphs.doctors.service.writing import new_department, new_doctor, state_of
from subgraphs.doctors.tables import DepartmentRow, DoctorRow
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.importing import Imported, keys_of, taken
from subgraphs.kernel.races import flush_claims


@dataclass(frozen=True, slots=True)
class ImportedDepartment:
    """`import_key` names the department in the other system for good."""

    import_key: str
    name: str


@dataclass(frozen=True, slots=True)
class ImportedDoctor:
    """A doctor without a login. The department by its own import key, or by its id here."""

    import_key: str
    name: str
    email: str | None
    specialty: str
    department_key: str | None = None
    department_id: str | None = None
    consultation_fee: Decimal = Decimal("0.00")
    time_zone: str | None = None
    slot_minutes: int = 30
    hours: tuple[rules.Window, ...] = ()


async def import_departments(base: Foundation, batch: Sequence[ImportedDepartment], actor: Actor) -> Imported:
    async def work(session: AsyncSession) -> Imported:
        outcome = Imported(ids=await repository.department_ids_by_import_key(session, keys_of(batch)))
        rows = taken(batch, outcome, lambda id, given: _department(base, id, given))
        session.add_all(rows)
        await flush_claims(session)
        for row in rows:
            base.outbox.record(session, DepartmentCreated(department_id=row.id, name=row.name), actor)
        return outcome

    return await base.database.transaction(work)


async def import_doctors(base: Foundation, batch: Sequence[ImportedDoctor], actor: Actor) -> Imported:
    async def work(session: AsyncSession) -> Imported:
        outcome = Imported(ids=await repository.doctor_ids_by_import_key(session, keys_of(batch)))
        departments = await _departments(session, batch)
        doctors = taken(batch, outcome, lambda id, given: _doctor(base, id, given, departments))
        await repository.add_doctors(session, doctors)
        for row, hours in doctors:
            base.outbox.record(session, DoctorRegistered(**state_of(row, hours), imported=True), actor)
        return outcome

    return await base.database.transaction(work)


def _department(base: Foundation, id: str, given: ImportedDepartment) -> DepartmentRow:
    return new_department(id, rules.name(given.name, "A department's name"), base.clock.now(), given.import_key)


def _doctor(
    base: Foundation, id: str, given: ImportedDoctor, departments: dict[str, str]
) -> tuple[DoctorRow, Sequence[rules.Hours]]:
    department_id = departments.get(given.department_id or given.department_key or "")
    if department_id is None:
        raise InvalidInput("The doctor's department is not here.")
    if given.email is None:
        raise InvalidInput("A doctor needs an e-mail.")
    values: dict[str, Any] = rules.doctor(asdict(given) | {"hours": given.hours}, base.settings.time_zone)
    hours = values.pop("hours")
    values |= {"department_id": department_id, "import_key": given.import_key}
    return new_doctor(id, values, base.clock.now()), hours


async def _departments(session: AsyncSession, batch: Sequence[ImportedDoctor]) -> dict[str, str]:
    """The ids of the departments that are here, by import key and by id."""
    keys = {given.department_key for given in batch if given.department_key and given.department_key.isprintable()}
    ids = {given.department_id for given in batch if given.department_id and is_id(given.department_id)}
    by_key = await repository.department_ids_by_import_key(session, keys)
    return by_key | {id: id for id in await repository.departments_by_id(session, ids)}
