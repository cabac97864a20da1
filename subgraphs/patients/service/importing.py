"""Patients of another system, batch by batch: each is taken once, and a bad one is refused alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.importing import Imported, keys_of, taken
from subgraphs.patients import repository, rules
from subgraphs.patients.events import PatientRegistered
from subgraphs.patients.service.writing import new_row, state_of, surroundings
from subgraphs.patients.tables import PatientRow


@dataclass(frozen=True, slots=True)
class ImportedPatient:
    """`import_key` names the patient in the other system for good; the telephone number is kept as it is."""

    import_key: str
    name: str
    dob: date
    sex: rules.Sex | None = None
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    weight: float | None = None
    height: float | None = None
    deceased_at: datetime | None = None
    created_at: datetime | None = None

    def values(self) -> dict[str, Any]:
        own = ("name", "dob", "sex", "email", "phone", "address", "weight", "height", "deceased_at")
        return {name: getattr(self, name) for name in own}


async def import_patients(base: Foundation, batch: Sequence[ImportedPatient], actor: Actor) -> Imported:
    around = surroundings(base, keeps_phones=True)

    async def work(session: AsyncSession) -> Imported:
        outcome = Imported(ids=await repository.ids_by_import_key(session, keys_of(batch)))
        rows = taken(batch, outcome, lambda id, given: _row(id, given, around))
        await _number(session, rows)
        await repository.add(session, rows)
        for row in rows:
            event = PatientRegistered(**state_of(row), imported=True)
            base.outbox.record(session, event, actor, occurred_at=row.created_at)
        return outcome

    return await base.database.transaction(work)


def _row(id: str, given: ImportedPatient, around: rules.Surroundings) -> PatientRow:
    """Still without its number."""
    if given.created_at is not None and given.created_at > around.now:
        raise InvalidInput("A patient was not registered in the future.")
    values = rules.checked(given.values(), around)
    rules.check_life(values["dob"], values["deceased_at"], around)
    return new_row(id, 0, {**values, "import_key": given.import_key}, given.created_at or around.now)


async def _number(session: AsyncSession, rows: Sequence[PatientRow]) -> None:
    if not rows:
        return
    for row, number in zip(rows, await repository.next_numbers(session, len(rows)), strict=True):
        row.mrn = rules.mrn(number)
