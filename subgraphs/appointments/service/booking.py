"""Booking a slot."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import access, copies, repository, rules
from subgraphs.appointments.events import AppointmentBooked
from subgraphs.appointments.rules import Span, Status
from subgraphs.appointments.service import claiming, recording
from subgraphs.appointments.service.seeing import written
from subgraphs.appointments.tables import AppointmentRow, DoctorCopyRow, PatientCopyRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Hidden, InvalidInput, NotFound, Problem, Refused, Target
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import claim, once
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.rows import add_row


@dataclass(frozen=True, slots=True)
class Booking:
    """What somebody wants; a patient may leave `patient_id` out."""

    patient_id: str | None
    doctor_id: str
    slot: datetime
    notes: str | None = None
    idempotency_key: str | None = None


class NotHeardOf(Refused):
    """The doctor or the patient is not known here: not at all, or not yet."""


async def book(base: Foundation, principal: Principal | None, wanted: Booking) -> AppointmentRow:
    """Gives the appointment as it now is. Raises Forbidden, Unauthenticated, Refused."""
    access.BOOK.require(principal)
    booker = signed_in(principal)
    patient_id, notes = _patient_of(booker, wanted), rules.notes(wanted.notes)
    fields = {"patient": patient_id, "doctor": wanted.doctor_id, "slot": wanted.slot, "notes": notes}
    claimed = claim(booker.account_id, "bookAppointment", wanted.idempotency_key, fields)
    booked: dict[str, AppointmentRow] = {}

    async def work(session: AsyncSession, id: str) -> None:
        doctor, patient = await _parties(session, booker, wanted.doctor_id, patient_id)
        check_parties(doctor, patient)
        slot = rules.bookable_slot(copies.schedule_of(doctor), wanted.slot, base.clock.now())
        row = _row(id, doctor, patient, slot, notes, base.clock.now())
        await claiming.take(session, row, slot)
        add_row(session, AppointmentRow, **row.model_dump())
        booked[id] = row
        await recording.record(session, base, booker, row, recording.Fact(AppointmentBooked, None, {}))

    async def attempt() -> str:
        return await claiming.decided(base.database, lambda: once(base.database, base.clock, claimed, work))

    async with base.denials.concealing(booker, "bookAppointment"):
        id = await base.arrivals.decided(attempt, NotHeardOf, keys=[patient_id, wanted.doctor_id])
    return booked.get(id) or await written(base.database, id)


def check_parties(doctor: DoctorCopyRow, patient: PatientCopyRow, *, named: bool = True) -> None:
    """Raises Refused for a doctor who takes no bookings and for a dead patient; `named`: the input has their ids."""
    problems = []
    if not doctor.active:
        problems.append(_problem("This doctor takes no more bookings.", "doctorId" if named else "id"))
    if patient.deceased_at is not None:
        problems.append(_problem("This patient has died.", "patientId" if named else "id"))
    if problems:
        raise Refused(*problems)


def _problem(message: str, field: str) -> Problem:
    return Problem("INVALID_INPUT", message, (field,))


def _patient_of(booker: Principal, wanted: Booking) -> str:
    if wanted.patient_id is not None:
        return wanted.patient_id
    if booker.role is not RoleName.PATIENT:
        raise InvalidInput("Name the patient whom this booking is for.", "patientId")
    if booker.patient_id is None:
        raise NotFound("patient", "patientId")
    return booker.patient_id


async def _parties(
    session: AsyncSession, booker: Principal, doctor_id: str, patient_id: str
) -> tuple[DoctorCopyRow, PatientCopyRow]:
    """Raises NotHeardOf for whom nobody here has heard of, Hidden for another patient than the booker.

    What a patient is told of another's id is the same whether somebody has it or not, whatever else is wrong.
    """
    patient = (await repository.patient_copies(session, [patient_id])).get(patient_id)
    if booker.role is RoleName.PATIENT and booker.patient_id != patient_id:
        raise _not_ones_own(patient_id, known=patient is not None)
    doctor = (await repository.doctor_copies(session, [doctor_id])).get(doctor_id)
    if patient is None or doctor is None:
        raise NotHeardOf(
            *(NotFound("patient", "patientId").problems if patient is None else ()),
            *(NotFound("doctor", "doctorId").problems if doctor is None else ()),
        )
    return doctor, patient


def _not_ones_own(patient_id: str, *, known: bool) -> NotFound:
    if known:
        return Hidden("patient", "patientId", Target("Patient", patient_id, patient_id))
    return NotFound("patient", "patientId")


def _row(
    id: str, doctor: DoctorCopyRow, patient: PatientCopyRow, slot: Span, notes: str | None, now: datetime
) -> AppointmentRow:
    return AppointmentRow(
        id=id,
        patient_id=patient.id,
        patient_name=patient.name,
        patient_email=patient.email,
        patient_phone=patient.phone,
        doctor_id=doctor.id,
        doctor_name=doctor.name,
        department_id=doctor.department_id,
        consultation_fee=doctor.consultation_fee,
        slot=slot.start,
        ends_at=slot.end,
        status=Status.PENDING.value,
        notes=notes,
        version=1,
        created_at=now,
        updated_at=now,
    )
