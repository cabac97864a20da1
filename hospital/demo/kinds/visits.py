"""Appointments that are over."""

from collections.abc import Sequence

from hospital.demo import words
from hospital.demo.diary import Entry
from hospital.demo.filling import Filling
from hospital.demo.plan import Plan
from subgraphs.appointments.service import ImportedVisit
from subgraphs.kernel.importing import Imported


def size(plan: Plan) -> int:
    return len(plan.visits)


async def fill(filling: Filling) -> None:
    domains = filling.runtime.domains
    rows = {row.name: row.id for row in await domains.doctors.service.departments()}
    departments = {key: rows[name] for key, name, _ in words.DEPARTMENTS}

    def visit(entry: Entry) -> ImportedVisit:
        return ImportedVisit(
            import_key=_key(entry),
            patient_id=filling.patients[entry.patient],
            doctor_id=filling.doctors[entry.doctor],
            department_id=departments[filling.plan.doctors[entry.doctor].department],
            starts_at=entry.start,
            ends_at=entry.end,
            notes=entry.notes,
            status=entry.status,
        )

    async def take(batch: Sequence[Entry]) -> Imported:
        return await domains.appointments.service.import_visits([visit(entry) for entry in batch])

    ids = await filling.in_batches("Past visits", filling.plan.visits, take)
    filling.visits = {entry.number: ids[_key(entry)] for entry in filling.plan.visits}


def _key(entry: Entry) -> str:
    return f"demo:visit/{entry.number}"
