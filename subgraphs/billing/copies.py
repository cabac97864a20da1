"""What billing keeps of appointments and patients, fed by their events: billing needs neither of them to be up."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments.events import EVENTS as APPOINTMENTS_EVENTS
from subgraphs.appointments.events import AppointmentState
from subgraphs.billing.tables import AppointmentCopyRow, PatientCopyRow
from subgraphs.kernel.events import Envelope, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import keep_newest
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.patients.events import PatientState

CONSUMER = "billing.copies"

DECODER = decoder((*APPOINTMENTS_EVENTS, *PATIENTS_EVENTS))


def subscriber(base: Foundation) -> Subscriber:
    topics = (topic_of("appointments"), topic_of("patients"))
    return Subscriber.once(CONSUMER, topics, base.database, base.clock, _apply)


async def _apply(session: AsyncSession, message: Envelope) -> None:
    match DECODER.decode(message):
        case AppointmentState() as appointment:
            await _keep_appointment(session, appointment)
        case PatientState() as patient:
            await _keep_patient(session, patient)


async def _keep_appointment(session: AsyncSession, appointment: AppointmentState) -> None:
    await keep_newest(
        session,
        AppointmentCopyRow,
        id=appointment.appointment_id,
        version=appointment.version,
        patient_id=appointment.patient_id,
        doctor_id=appointment.doctor_id,
        consultation_fee=appointment.consultation_fee,
        status=appointment.status,
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
    )
