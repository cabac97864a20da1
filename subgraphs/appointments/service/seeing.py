"""Finding the appointment that somebody names, as far as they may see it."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import access, repository
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.kernel.access import seat_towards
from subgraphs.kernel.database import Database
from subgraphs.kernel.errors import Forbidden, Hidden, NotFound, Target
from subgraphs.kernel.principal import Principal, RoleName


def target(row: AppointmentRow) -> Target:
    return Target("Appointment", row.id, row.patient_id)


async def written(database: Database, id: str) -> AppointmentRow:
    """An appointment that is known to be there, as it now is."""
    async with database.reading() as session:
        return (await repository.appointments_by_id(session, [id]))[id]


async def may_see(session: AsyncSession, principal: Principal, row: AppointmentRow, now: datetime) -> bool:
    treating = access.is_doctor_of(principal, row.doctor_id) or await _reaches(session, principal, row.patient_id, now)
    return access.APPOINTMENT.may_see(seat_towards(principal, row.patient_id, treating=treating))


async def seen(session: AsyncSession, principal: Principal, id: str, now: datetime) -> AppointmentRow:
    """The appointment, if the principal may see it. Raises NotFound, Hidden."""
    row = await repository.appointment(session, id)
    if row is None:
        raise NotFound("appointment", "id")
    if not await may_see(session, principal, row, now):
        raise Hidden("appointment", "id", target(row))
    return row


async def own(session: AsyncSession, principal: Principal, id: str, now: datetime) -> AppointmentRow:
    """The appointment, if it is the principal's to do something with: the patient's own, the doctor's own, the desk's.

    Raises NotFound, Hidden, Forbidden.
    """
    row = await seen(session, principal, id, now)
    if principal.role is RoleName.DOCTOR and not access.is_doctor_of(principal, row.doctor_id):
        raise Forbidden("This is another doctor's appointment.", target(row))
    return row


async def _reaches(session: AsyncSession, principal: Principal, patient_id: str, now: datetime) -> bool:
    """As a doctor who treats the patient, or has broken the glass."""
    if principal.role is not RoleName.DOCTOR or principal.doctor_id is None:
        return False
    return bool(await repository.reached(session, principal.doctor_id, principal.account_id, now, [patient_id]))
