"""Finding the appointment that somebody names, as far as they may see it."""

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


async def may_see(session: AsyncSession, principal: Principal, row: AppointmentRow) -> bool:
    treating = access.is_doctor_of(principal, row.doctor_id) or await _treats(session, principal, row.patient_id)
    return access.APPOINTMENT.may_see(seat_towards(principal, row.patient_id, treating=treating))


async def seen(session: AsyncSession, principal: Principal, id: str) -> AppointmentRow:
    """The appointment, if the principal may see it. Raises NotFound, Hidden."""
    row = await repository.appointment(session, id)
    if row is None:
        raise NotFound("appointment", "id")
    if not await may_see(session, principal, row):
        raise Hidden("appointment", "id", target(row))
    return row


async def own(session: AsyncSession, principal: Principal, id: str) -> AppointmentRow:
    """The appointment, if it is the principal's to do something with: the patient's own, the doctor's own, the desk's.

    Raises NotFound, Hidden, Forbidden.
    """
    row = await seen(session, principal, id)
    if principal.role is RoleName.DOCTOR and not access.is_doctor_of(principal, row.doctor_id):
        raise Forbidden("This is another doctor's appointment.", target(row))
    return row


async def _treats(session: AsyncSession, principal: Principal, patient_id: str) -> bool:
    if principal.role is not RoleName.DOCTOR or principal.doctor_id is None:
        return False
    return bool(await repository.treated(session, principal.doctor_id, [patient_id]))
