"""A new record: by the doctor who treats the patient, of one appointment or of none in particular."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Forbidden, Hidden, InvalidInput, NotFound, Target
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import claim, once
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.races import flush_claims
from subgraphs.records import access, repository, rules
from subgraphs.records.events import MedicalRecordCreated
from subgraphs.records.rules import Diagnosis, Medicine
from subgraphs.records.service import seeing, writing
from subgraphs.records.service.writing import Written
from subgraphs.records.tables import MedicalRecordRow, TreatingRow

MUTATION = "createMedicalRecord"


@dataclass(frozen=True, slots=True)
class NewRecord:
    """What a doctor gives of a new record."""

    patient_id: str
    description: str
    appointment_id: str | None = None
    diagnoses: tuple[Diagnosis, ...] = ()
    medicines: tuple[Medicine, ...] = ()
    treated_at: datetime | None = None
    revisiting_date: date | None = None
    idempotency_key: str | None = None

    def ids(self) -> list[str]:
        return [self.patient_id] if self.appointment_id is None else [self.patient_id, self.appointment_id]

    def values(self) -> dict[str, Any]:
        own = ("description", "diagnoses", "medicines", "treated_at", "revisiting_date")
        return {name: getattr(self, name) for name in own}


async def create(base: Foundation, principal: Principal | None, given: NewRecord) -> Written:
    """Raises Forbidden, Unauthenticated, Refused."""
    access.WRITE.require(principal)
    doctor = signed_in(principal)
    values = rules.checked(given.values(), await writing.surroundings(base, given.diagnoses))
    asked = given.values() | {"patient": given.patient_id, "appointment": given.appointment_id}
    claimed = claim(doctor.account_id, MUTATION, given.idempotency_key, asked)
    made: dict[str, MedicalRecordRow] = {}

    async def work(session: AsyncSession, id: str) -> None:
        await _check(session, base, doctor, given)
        made[id] = _row(base, id, doctor, given, values)
        writing.add_record(session, made[id], doctor.account_id)
        await flush_claims(session)
        event = MedicalRecordCreated(**writing.state_of(made[id]))
        base.outbox.record(session, event, Actor.of(doctor))

    async def attempt() -> str:
        return await once(base.database, base.clock, claimed, work)

    async with base.denials.concealing(doctor, MUTATION):
        # perhaps booked or accepted without news of it here
        id = await base.arrivals.decided(attempt, NotFound, rules.InvalidTransition, keys=given.ids())
    return Written(made[id], is_new=True) if id in made else Written(await _earlier(base, doctor, id), is_new=False)


async def _earlier(base: Foundation, doctor: Principal, id: str) -> MedicalRecordRow:
    """What the same key made before, if they still see it."""
    async with base.database.reading() as session:
        return await seeing.written_record(session, base, doctor, id)


async def _check(session: AsyncSession, base: Foundation, doctor: Principal, given: NewRecord) -> None:
    """Raises NotFound, Hidden, Forbidden, InvalidInput, InvalidTransition."""
    treated = await _treated(session, base, doctor, given.patient_id)
    if given.appointment_id is None:
        rules.may_be_written(treated, "patientId")
        return
    appointment = await _own_appointment(session, base, doctor, given.appointment_id)
    if appointment.patient_id != given.patient_id:
        raise InvalidInput("This appointment is another patient's.", "appointmentId")
    rules.may_be_written([appointment.status], "appointmentId")
    if await repository.records_of_appointments(session, [appointment.appointment_id]):
        raise InvalidInput("This appointment has its medical record already: amend that.", "appointmentId")


async def _treated(session: AsyncSession, base: Foundation, doctor: Principal, patient_id: str) -> list[str]:
    """The statuses of the appointments by which the doctor treats the patient, one at least."""
    if not is_id(patient_id) or not await repository.known_patients(session, [patient_id]):
        raise NotFound("patient", "patientId")
    statuses = list(await repository.statuses(session, doctor.doctor_id or "", patient_id))
    if statuses:
        return statuses
    patient = Target("Patient", patient_id, patient_id)
    if await seeing.sees(session, base, doctor, patient_id):
        raise Forbidden("Only a doctor who treats the patient writes a record.", patient)
    raise Hidden("patient", "patientId", patient)


async def _own_appointment(session: AsyncSession, base: Foundation, doctor: Principal, id: str) -> TreatingRow:
    row = await repository.appointment(session, id) if is_id(id) else None
    if row is None:
        raise NotFound("appointment", "appointmentId")
    if row.doctor_id == doctor.doctor_id:
        return row
    appointment = Target("Appointment", id, row.patient_id)
    if await seeing.sees(session, base, doctor, row.patient_id):
        raise Forbidden("This is another doctor's appointment.", appointment)
    raise Hidden("appointment", "appointmentId", appointment)


def _row(base: Foundation, id: str, doctor: Principal, given: NewRecord, values: dict[str, Any]) -> MedicalRecordRow:
    now = base.clock.now()
    return MedicalRecordRow(
        id=id,
        patient_id=given.patient_id,
        doctor_id=doctor.doctor_id or "",
        appointment_id=given.appointment_id,
        version=1,
        created_at=now,
        updated_at=now,
        **writing.columns(values),
    )
