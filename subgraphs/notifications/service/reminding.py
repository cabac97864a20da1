"""Reminders, a day before the appointment."""

from uuid import UUID, uuid5

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.rows import add_row
from subgraphs.notifications import copies, repository
from subgraphs.notifications.queueing import Bells, Told, queue_for_patient
from subgraphs.notifications.rules import REMINDED_BEFORE, REMINDER
from subgraphs.notifications.tables import AppointmentCopyRow, PatientCopyRow, ReminderRow

_AT_ONCE = 100
_REMINDERS = UUID("b64f6a5e-9a67-4c53-8f53-64e6ad0f3f0e")


async def remind(base: Foundation, bells: Bells) -> int:
    """Queues a reminder of each appointment that is to be in a day or less, once; gives how many were seen to."""
    seen_to = 0
    while seen := await base.database.transaction(lambda session: _some(session, base, bells)):
        seen_to += seen
    return seen_to


async def _some(session: AsyncSession, base: Foundation, bells: Bells) -> int:
    now = base.clock.now()
    visits = await repository.to_remind(session, now, now + REMINDED_BEFORE, _AT_ONCE)
    patients = await repository.patients(session, {visit.patient_id for visit in visits})
    for visit in visits:
        add_row(session, ReminderRow, appointment_id=visit.id, slot=visit.slot)
    await flush_claims(session)
    for visit in visits:
        await _remind(session, base, bells, visit, patients[visit.patient_id])
    return len(visits)


async def _remind(
    session: AsyncSession, base: Foundation, bells: Bells, visit: AppointmentCopyRow, patient: PatientCopyRow
) -> None:
    event_id = str(uuid5(_REMINDERS, f"{visit.id} {visit.slot.isoformat()}"))
    values = {"patient_name": patient.name} | copies.visit_values(base, visit)
    told = Told(event_id, REMINDER, values, patient.id, appointment_id=visit.id, slot=visit.slot)
    await queue_for_patient(session, base, bells, told, patient)
