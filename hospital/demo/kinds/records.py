"""Medical records of most visits that took place."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from hospital.demo.diary import Entry
from hospital.demo.filling import ACTOR, Filling
from hospital.demo.findings import FINDINGS
from hospital.demo.plan import Plan
from subgraphs.kernel.importing import Imported
from subgraphs.records.rules import CodeSystem, Diagnosis, Medicine
from subgraphs.records.service import ImportedRecord

RECORDED, COMES_AGAIN = 0.85, 0.7


def size(plan: Plan) -> int:
    return len(_recorded(plan))


async def fill(filling: Filling) -> None:
    """When records knows the visits."""
    records = filling.runtime.domains.records.service

    async def take(batch: Sequence[Entry]) -> Imported:
        return await records.import_records([_record(filling, entry) for entry in batch], ACTOR)

    await filling.runtime.delivery.settled()
    await filling.in_batches("Medical records", _recorded(filling.plan), take)


def _recorded(plan: Plan) -> list[Entry]:
    took_place = (entry for entry in plan.visits if entry.status == "COMPLETED")
    return [entry for entry in took_place if _chance(plan, entry).random() < RECORDED]


def _chance(plan: Plan, entry: Entry) -> Random:
    """One for each visit, so that each has the same record whatever else there is."""
    return Random(f"{plan.state.seed}: the record of visit {entry.number}")


def _record(filling: Filling, entry: Entry) -> ImportedRecord:
    plan = filling.plan
    random = _chance(plan, entry)
    random.random()  # decided that there is one
    words, code, prescriptions = random.choice(FINDINGS[plan.doctors[entry.doctor].department])
    comes_again = entry.start.date() + timedelta(days=random.choice((7, 14, 30)))
    return ImportedRecord(
        import_key=f"demo:record/{entry.number}",
        appointment_id=filling.visits[entry.number],
        treated_at=entry.start,
        description=f"{words}.",
        diagnoses=(Diagnosis(CodeSystem.ICD10CM, code),),
        medicines=tuple(Medicine(*prescription) for prescription in prescriptions),
        revisiting_date=comes_again if random.random() < COMES_AGAIN else None,
    )
