"""What patients keeps of appointments and records: which doctor treats whom, and who has broken whose glass."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments.events import EVENTS, AppointmentState
from subgraphs.kernel.events import Envelope, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import keep_newest
from subgraphs.patients.tables import GlassRow, TreatingRow
from subgraphs.records.events import GlassBroken

CONSUMER = "patients.copies"
DECODER = decoder((*EVENTS, GlassBroken))


def subscriber(base: Foundation) -> Subscriber:
    topics = (topic_of("appointments"), topic_of("records"))
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
            )
        case GlassBroken() as event:
            await keep_newest(session, GlassRow, **event.copied())
