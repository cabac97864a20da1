"""What appointments keeps of doctors and patients, fed by their events: booking needs neither of them to be up."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import repository
from subgraphs.appointments.rules import Hours, Schedule, Span
from subgraphs.appointments.tables import DoctorCopyRow, PatientCopyRow
from subgraphs.doctors.events import EVENTS as DOCTORS_EVENTS
from subgraphs.doctors.events import DoctorState, LeaveSpan, WeeklyHours
from subgraphs.kernel.events import Envelope, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.patients.events import PatientState

CONSUMER = "appointments.copies"

_DECODER = decoder((*DOCTORS_EVENTS, *PATIENTS_EVENTS))
_HOURS = TypeAdapter(list[WeeklyHours])
_LEAVE = TypeAdapter(list[LeaveSpan])


def subscriber(base: Foundation) -> Subscriber:
    topics = (topic_of("doctors"), topic_of("patients"))
    return Subscriber(CONSUMER, topics, base.database, base.clock, _apply)


def schedule_of(doctor: DoctorCopyRow) -> Schedule:
    hours = _HOURS.validate_json(doctor.hours)
    leave = _LEAVE.validate_json(doctor.leave)
    return Schedule(
        zone=ZoneInfo(doctor.time_zone),
        slot_length=timedelta(minutes=doctor.slot_minutes),
        hours=tuple(Hours(span.weekday, span.start_minute, span.end_minute) for span in hours),
        leave=tuple(Span(span.starts_at, span.ends_at) for span in leave),
    )


async def _apply(session: AsyncSession, message: Envelope) -> None:
    match _DECODER.decode(message):
        case DoctorState() as doctor:
            await _keep_doctor(session, doctor)
        case PatientState() as patient:
            await _keep_patient(session, patient)


async def _keep_doctor(session: AsyncSession, doctor: DoctorState) -> None:
    values = {
        "name": doctor.name,
        "department_id": doctor.department_id,
        "consultation_fee": doctor.consultation_fee,
        "time_zone": doctor.time_zone,
        "slot_minutes": doctor.slot_minutes,
        "active": doctor.active,
        "hours": orjson.dumps([span.model_dump() for span in doctor.hours]).decode(),
        "leave": orjson.dumps([span.model_dump() for span in doctor.leave]).decode(),
    }
    await repository.keep_copy(session, DoctorCopyRow, doctor.doctor_id, doctor.version, values)


async def _keep_patient(session: AsyncSession, patient: PatientState) -> None:
    values = {
        "name": patient.name,
        "email": patient.email,
        "phone": patient.phone,
        "deceased_at": patient.deceased_at,
    }
    await repository.keep_copy(session, PatientCopyRow, patient.patient_id, patient.version, values)
