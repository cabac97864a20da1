"""Moving an appointment to another slot: the new time is taken and the old one freed in one transaction."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import access, copies, repository, rules
from subgraphs.appointments.events import AppointmentRescheduled
from subgraphs.appointments.rules import Status
from subgraphs.appointments.service import claiming, recording
from subgraphs.appointments.service.booking import check_parties
from subgraphs.appointments.service.transitions import Request, change
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal


async def reschedule(base: Foundation, principal: Principal | None, asked: Request, start: datetime) -> AppointmentRow:
    """Gives the appointment as it now is. Raises Forbidden, Unauthenticated, Refused."""
    access.BOOK.require(principal)
    doer = signed_in(principal)

    async def work(session: AsyncSession, row: AppointmentRow, reason: str | None) -> None:
        await _move(session, base, doer, row, start, reason)

    async def attempt() -> AppointmentRow:
        return await change(base, doer, "rescheduleAppointment", asked, work, slot=start)

    return await claiming.decided(base.database, attempt)


async def _move(
    session: AsyncSession, base: Foundation, doer: Principal, row: AppointmentRow, start: datetime, reason: str | None
) -> None:
    now, status, left = base.clock.now(), Status(row.status), row.slot
    rules.RESCHEDULE.apply(status, row.slot, now)
    if start == left:
        raise InvalidInput("The appointment is at that time already.", "slot")
    doctor = (await repository.doctor_copies(session, [row.doctor_id]))[row.doctor_id]
    patient = (await repository.patient_copies(session, [row.patient_id]))[row.patient_id]
    check_parties(doctor, patient, named=False)
    slot = rules.bookable_slot(copies.schedule_of(doctor), start, now)
    await claiming.free(session, row)
    await claiming.take(session, row, slot)
    await repository.save(session, row, slot=slot.start, ends_at=slot.end, reason=reason, updated_at=now)
    fact = recording.Fact(AppointmentRescheduled, status, {"previous_slot": left})
    await recording.record(session, base, doer, row, fact)
