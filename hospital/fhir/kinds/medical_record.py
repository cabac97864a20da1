"""What conditions and medication requests become together: one medical record for each visit that has any."""

from hospital.fhir.intake import BATCH, Intake, Origin
from hospital.fhir.people import one_line
from hospital.fhir.visits import Visit
from subgraphs.records.rules import Diagnosis, Medicine
from subgraphs.records.service import ImportedRecord

HERE_AS: dict[str, str] = {}
KIND, NOUN = "MedicalRecord", "records"
WITHOUT_WORDS = "Visit"


async def load(intake: Intake) -> None:
    batch: list[ImportedRecord] = []
    await intake.imports.settled()  # records knows the visits by then
    for visit, diagnoses, medicines in intake.visits.with_findings():
        batch.append(record(visit, diagnoses, medicines, intake.origin))
        if len(batch) == BATCH:
            await _take(intake, batch)
            batch = []
    if batch:
        await _take(intake, batch)


def record(visit: Visit, diagnoses: list[Diagnosis], medicines: list[Medicine], origin: Origin) -> ImportedRecord:
    return ImportedRecord(
        import_key=origin.key(KIND, visit.encounter_id),
        appointment_id=visit.id,
        treated_at=visit.starts_at,
        description=one_line([visit.words]) or WITHOUT_WORDS,
        diagnoses=tuple(diagnoses),
        medicines=tuple(medicines),
    )


async def _take(intake: Intake, batch: list[ImportedRecord]) -> None:
    outcome, tally = await intake.imports.take(ImportedRecord, batch), intake.report.of(KIND)
    intake.say_progress(KIND)
    tally.lines += len(batch)
    tally.made += outcome.made
    tally.known += len(outcome.ids) - outcome.made
    for key, reason in outcome.refused.items():
        intake.report.refuse(KIND, f"Encounter/{key.rpartition('/')[2]}", reason)
