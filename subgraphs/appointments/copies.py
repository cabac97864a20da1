"""What appointments keeps of doctors, patients and records, fed by their events: it needs none of them to be up.

Of records: who has broken whose glass.
"""

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import orjson
from pydantic import TypeAdapter
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments.rules import Hours, Schedule, Span
from subgraphs.appointments.tables import DoctorCopyRow, GlassRow, PatientCopyRow
from subgraphs.doctors.events import EVENTS as DOCTORS_EVENTS
from subgraphs.doctors.events import DoctorState, LeaveSpan, WeeklyHours
from subgraphs.kernel.events import Envelope, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import keep_newest
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.patients.events import PatientState
from subgraphs.records.events import GlassBroken

CONSUMER = "appointments.copies"

DECODER = decoder((*DOCTORS_EVENTS, *PATIENTS_EVENTS, GlassBroken))
_HOURS = TypeAdapter(list[WeeklyHours])
_LEAVE = TypeAdapter(list[LeaveSpan])


def subscriber(base: Foundation) -> Subscriber:
    topics = (topic_of("doctors"), topic_of("patients"), topic_of("records"))
    return Subscriber.once(CONSUMER, topics, base.database, base.clock, _apply)


def schedule_of(doctor: DoctorCopyRow) -> Schedule:
    return _schedule(doctor.time_zone, doctor.slot_minutes, doctor.hours, doctor.leave)


@lru_cache(maxsize=1000)
def _schedule(time_zone: str, slot_minutes: int, hours: str, leave: str) -> Schedule:
    return Schedule(
        zone=ZoneInfo(time_zone),
        slot_length=timedelta(minutes=slot_minutes),
        hours=tuple(Hours(span.weekday, span.start_minute, span.end_minute) for span in _HOURS.validate_json(hours)),
        leave=tuple(Span(span.starts_at, span.ends_at) for span in _LEAVE.validate_json(leave)),
    )


async def _apply(session: AsyncSession, message: Envelope) -> None:
    match DECODER.decode(message):
        case DoctorState() as doctor:
            await _keep_doctor(session, doctor)
        case PatientState() as patient:
            await _keep_patient(session, patient)
        case GlassBroken() as glass:
            await keep_newest(session, GlassRow, **glass.copied())


async def _keep_doctor(session: AsyncSession, doctor: DoctorState) -> None:
    await keep_newest(
        session,
        DoctorCopyRow,
        id=doctor.doctor_id,
        version=doctor.version,
        name=doctor.name,
        department_id=doctor.department_id,
        consultation_fee=doctor.consultation_fee,
        time_zone=doctor.time_zone,
        slot_minutes=doctor.slot_minutes,
        active=doctor.active,
        hours=orjson.dumps([span.model_dump() for span in doctor.hours]).decode(),
        leave=orjson.dumps([span.model_dump() for span in doctor.leave]).decode(),
    )


async def _keep_patient(session: AsyncSession, patient: PatientState) -> None:
    await keep_newest(
        session,
        PatientCopyRow,
        id=patient.patient_id,
        version=patient.version,
        name=patient.name,
        email=patient.email,
        phone=patient.phone,
        deceased_at=patient.deceased_at,
    )
