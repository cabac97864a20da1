"""What every change of a doctor has in common: it raises the version and announces the doctor whole."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository
from subgraphs.doctors.events import DoctorState, DoctorUpdated
from subgraphs.doctors.service.writing import state_now
from subgraphs.doctors.tables import DoctorRow
from subgraphs.kernel.errors import Forbidden, NotFound, Target
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal


@dataclass(frozen=True, slots=True)
class Change:
    """What `work` does to the doctor whom that field of the input names, and how it is announced."""

    doctor_id: str
    field: str
    work: Callable[[AsyncSession, DoctorRow], Awaitable[None]]
    event: type[DoctorState] = DoctorUpdated
    reason: str | None = None


async def changed(base: Foundation, principal: Principal | None, change: Change) -> DoctorRow:
    """The doctor after the change, in a transaction of its own. Raises NotFound."""

    async def work(session: AsyncSession) -> DoctorRow:
        return await apply(base, session, principal, change)

    return await base.database.transaction(work)


async def apply(base: Foundation, session: AsyncSession, principal: Principal | None, change: Change) -> DoctorRow:
    """Applies the change to the locked doctor, as one more version, and records it. Raises NotFound."""
    now = base.clock.now()
    row = await repository.locked_doctor(session, change.doctor_id) if is_id(change.doctor_id) else None
    if row is None:
        raise NotFound("doctor", change.field)
    await change.work(session, row)
    row.version, row.updated_at = row.version + 1, now
    await session.flush()
    event = change.event(**await state_now(session, row, now), reason=change.reason)
    base.outbox.record(session, event, Actor.of(principal))
    return row


async def check_hours_are_ones_own(base: Foundation, principal: Principal | None, doctor_id: str) -> None:
    """Raises Forbidden for another doctor's hours, and NotFound for a doctor that is not there."""
    if access.may_change_hours(principal, doctor_id) and is_id(doctor_id):
        return
    async with base.database.reading() as session:
        await found(session, doctor_id, "doctorId")
    raise Forbidden("A doctor changes no hours but their own.", Target("Doctor", doctor_id))


async def found(session: AsyncSession, id: str, field: str) -> DoctorRow:
    """Raises NotFound."""
    row = await repository.doctor(session, id) if is_id(id) else None
    if row is None:
        raise NotFound("doctor", field)
    return row
