"""What records keeps of appointments and patients: who treats whom, how far each appointment is, whom there is."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments.events import EVENTS as APPOINTMENTS_EVENTS
from subgraphs.appointments.events import AppointmentState
from subgraphs.kernel.events import Envelope, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import keep_newest
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.patients.events import PatientState
from subgraphs.records.tables import PatientCopyRow, TreatingRow

CONSUMER = "records.copies"

DECODER = decoder((*APPOINTMENTS_EVENTS, *PATIENTS_EVENTS))


def subscriber(base: Foundation) -> Subscriber:
    topics = (topic_of("appointments"), topic_of("patients"))
    return Subscriber.once(CONSUMER, topics, base.database, base.clock, apply)


async def apply(session: AsyncSession, message: Envelope) -> None:
    """Raises ValueError for an event whose data does not fit."""
    match DECODER.decode(message):
        case AppointmentState() as event:
            await keep_newest(
                session,
                TreatingRow,
                appointment_id=event.appointment_id,
                patient_id=event.patient_id,
                doctor_id=event.doctor_id,
                version=event.version,
                treats=event.treats,
                status=event.status,
            )
        case PatientState() as event:
            await keep_newest(session, PatientCopyRow, id=event.patient_id, version=event.version)
