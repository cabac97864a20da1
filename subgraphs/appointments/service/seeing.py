"""Finding the appointment that somebody names, as far as they may see it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import access, repository
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.kernel.access import seat_towards
from subgraphs.kernel.database import Database
from subgraphs.kernel.errors import Forbidden, NotFound, Target
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal, RoleName


class Hidden(NotFound):
    """It is there, and they may not see it: the answer is that of an unknown id, and the denial is noted."""

    def __init__(self, noun: str, field: str, target: Target) -> None:
        super().__init__(noun, field)
        self.target = target


def target(row: AppointmentRow) -> Target:
    return Target("Appointment", row.id, row.patient_id)


@asynccontextmanager
async def noting_denials(base: Foundation, principal: Principal, deed: str) -> AsyncIterator[None]:
    """Around a transaction: notes, after it was rolled back, that it was refused for what it found hidden."""
    try:
        yield
    except Hidden as hidden:
        await base.denials.note(principal, deed, hidden.target)
        raise


async def written(database: Database, id: str) -> AppointmentRow:
    """An appointment that is known to be there, as it now is."""
    async with database.reading() as session:
        return (await repository.appointments_by_id(session, [id]))[id]


async def may_see(session: AsyncSession, principal: Principal, row: AppointmentRow) -> bool:
    treating = access.is_doctor_of(principal, row.doctor_id) or await _treats(session, principal, row.patient_id)
    return access.APPOINTMENT.may_see(seat_towards(principal, row.patient_id, treating=treating))


async def own(session: AsyncSession, principal: Principal, id: str) -> AppointmentRow:
    """The appointment, if it is the principal's to do something with: the patient's own, the doctor's own, the desk's.

    Raises NotFound, Hidden, Forbidden.
    """
    row = await repository.appointment(session, id)
    if row is None:
        raise NotFound("appointment", "id")
    if not await may_see(session, principal, row):
        raise Hidden("appointment", "id", target(row))
    if principal.role is RoleName.DOCTOR and not access.is_doctor_of(principal, row.doctor_id):
        raise Forbidden("This is another doctor's appointment.", target(row))
    return row


async def _treats(session: AsyncSession, principal: Principal, patient_id: str) -> bool:
    if principal.role is not RoleName.DOCTOR or principal.doctor_id is None:
        return False
    return bool(await repository.treated(session, principal.doctor_id, [patient_id]))
