"""Records and allergies of another system, batch by batch: each is taken once, and a bad one is refused alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel import text
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.importing import Imported, keys_of, taken
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.rows import add_row
from subgraphs.records import repository, rules
from subgraphs.records.events import AllergyRecorded, MedicalRecordCreated
from subgraphs.records.rules import Diagnosis, Medicine
from subgraphs.records.service import writing
from subgraphs.records.tables import AllergyRow, MedicalRecordRow, TreatingRow


@dataclass(frozen=True, slots=True)
class ImportedRecord:
    """The record of a visit that is known here; `import_key` names it in the system that it comes from."""

    import_key: str
    appointment_id: str
    treated_at: datetime
    description: str
    diagnoses: tuple[Diagnosis, ...] = ()
    medicines: tuple[Medicine, ...] = ()
    revisiting_date: date | None = None


@dataclass(frozen=True, slots=True)
class ImportedAllergy:
    import_key: str
    patient_id: str
    display: str
    code: str | None = None
    criticality: str | None = None
    recorded_at: datetime | None = None


async def import_records(base: Foundation, batch: Sequence[ImportedRecord], actor: Actor) -> Imported:
    """One transaction, safe to repeat: what is not fit is refused alone, what is here already stays as it is."""

    around = await writing.surroundings(base, *(given.diagnoses for given in batch))

    async def work(session: AsyncSession) -> Imported:
        visit_ids = {given.appointment_id for given in batch}
        visits = await repository.appointments_by_id(session, visit_ids)
        for id in await repository.records_of_appointments(session, visit_ids):
            visits.pop(id, None)
        # after those: whoever took one of these a moment ago is seen here, or in neither
        outcome = Imported(ids=await repository.ids_by_import_key(session, MedicalRecordRow, keys_of(batch)))
        for row in taken(batch, outcome, lambda id, given: _record(id, given, visits, around)):
            writing.add_record(session, row, None)
            event = MedicalRecordCreated(**writing.state_of(row), imported=True)
            base.outbox.record(session, event, actor, occurred_at=row.treated_at)
        await flush_claims(session)
        return outcome

    return await base.database.transaction(work)


async def import_allergies(base: Foundation, batch: Sequence[ImportedAllergy], actor: Actor) -> Imported:
    async def work(session: AsyncSession) -> Imported:
        outcome = Imported(ids=await repository.ids_by_import_key(session, AllergyRow, keys_of(batch)))
        patients = await repository.known_patients(session, {given.patient_id for given in batch})
        now = base.clock.now()
        for row in taken(batch, outcome, lambda id, given: _allergy(id, given, patients, now)):
            add_row(session, AllergyRow, **row.model_dump())
            event = AllergyRecorded(allergy_id=row.id, patient_id=row.patient_id, imported=True)
            base.outbox.record(session, event, actor, occurred_at=row.recorded_at)
        await flush_claims(session)
        return outcome

    return await base.database.transaction(work)


def _record(
    id: str, given: ImportedRecord, visits: dict[str, TreatingRow], around: rules.Surroundings
) -> MedicalRecordRow:
    """One record a visit: the first that comes has it. Raises Refused."""
    visit = visits.get(given.appointment_id)
    if visit is None:
        raise InvalidInput("The record's visit is not known here, or has a record already.")
    values = {
        "description": rules.description(given.description),
        "diagnoses": rules.each("diagnoses", given.diagnoses, partial(rules.diagnosis, codes=around.codes)),
        "medicines": rules.each("medicines", given.medicines, rules.medicine),
        "treated_at": rules.treated_at(given.treated_at, around),
        "revisiting_date": given.revisiting_date,
    }
    del visits[given.appointment_id]
    return MedicalRecordRow(
        id=id,
        import_key=given.import_key,
        patient_id=visit.patient_id,
        doctor_id=visit.doctor_id,
        appointment_id=visit.appointment_id,
        version=1,
        created_at=around.now,
        updated_at=around.now,
        **writing.columns(values),
    )


def _allergy(id: str, given: ImportedAllergy, patients: set[str], now: datetime) -> AllergyRow:
    """Raises Refused."""
    if given.patient_id not in patients:
        raise InvalidInput("The allergy's patient is not known here.")
    if given.recorded_at is not None and not rules.EARLIEST <= given.recorded_at <= now:
        raise InvalidInput(f"An allergy is not recorded in the future, nor before {rules.EARLIEST.year}.")
    return AllergyRow(
        id=id,
        import_key=given.import_key,
        patient_id=given.patient_id,
        display=text.name(given.display, "The name of an allergy", rules.MAXIMUM_WORDS),
        code=given.code and text.one_line(given.code, "A code", rules.MAXIMUM_CODE),
        criticality=given.criticality and text.one_line(given.criticality, "The criticality", 32),
        recorded_at=given.recorded_at,
    )
