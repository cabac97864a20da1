"""What patients keeps of appointments: which doctor treats whom."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments.events import EVENTS, AppointmentState
from subgraphs.kernel.events import Envelope, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import keep_newest
from subgraphs.patients.tables import TreatingRow

_DECODER = decoder(EVENTS)


def subscriber(base: Foundation) -> Subscriber:
    return Subscriber.once("patients.copies", (topic_of("appointments"),), base.database, base.clock, apply)


async def apply(session: AsyncSession, message: Envelope) -> None:
    """Raises ValueError for an appointment's event whose data does not fit."""
    event = _DECODER.decode(message)
    if isinstance(event, AppointmentState):
        await keep_newest(
            session,
            TreatingRow,
            appointment_id=event.appointment_id,
            patient_id=event.patient_id,
            doctor_id=event.doctor_id,
            version=event.version,
            treats=event.treats,
        )
