"""When a doctor is away."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.service.changing import Change, apply, changed, check_hours_are_ones_own, found
from subgraphs.doctors.tables import DoctorRow, LeaveRow
from subgraphs.kernel import idempotency
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.problems import checked


@dataclass(frozen=True, slots=True)
class NewLeave:
    doctor_id: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None = None
    idempotency_key: str | None = None


async def add_leave(base: Foundation, principal: Principal | None, given: NewLeave) -> DoctorRow:
    access.HOURS.require(principal)
    await check_hours_are_ones_own(base, principal, given.doctor_id)
    values = checked(
        {"span": lambda: rules.leave(given.starts_at, given.ends_at), "reason": lambda: rules.reason(given.reason)}
    )
    fields = {"doctor_id": given.doctor_id, "from": given.starts_at, "to": given.ends_at, "reason": values["reason"]}
    claim = idempotency.claim(signed_in(principal).account_id, "addLeave", given.idempotency_key, fields)

    async def work(session: AsyncSession, id: str) -> None:
        async def add(session: AsyncSession, row: DoctorRow) -> None:
            rules.still_active(row.active, "doctorId")
            ahead = await repository.leave_of(session, [row.id], base.clock.now(), None)
            rules.room_for_leave(len(ahead[row.id]))
            session.add(_row(id, given, values["reason"], base.clock.now()))

        await apply(base, session, principal, Change(given.doctor_id, "doctorId", add))

    await idempotency.once(base.database, base.clock, claim, work)
    async with base.database.reading() as session:
        return await found(session, given.doctor_id, "doctorId")


async def remove_leave(base: Foundation, principal: Principal | None, id: str) -> DoctorRow:
    access.HOURS.require(principal)
    doctor_id = await _doctor_on_leave(base, id)
    await check_hours_are_ones_own(base, principal, doctor_id)

    async def work(session: AsyncSession, row: DoctorRow) -> None:
        rules.still_active(row.active, "id")
        if not await repository.remove_leave(session, id):
            raise NotFound("leave", "id")

    return await changed(base, principal, Change(doctor_id, "id", work))


async def _doctor_on_leave(base: Foundation, leave_id: str) -> str:
    async with base.database.reading() as session:
        row = await repository.leave(session, leave_id) if is_id(leave_id) else None
    if row is None:
        raise NotFound("leave", "id")
    return row.doctor_id


def _row(id: str, given: NewLeave, reason: str | None, now: datetime) -> LeaveRow:
    return LeaveRow(
        id=id,
        doctor_id=given.doctor_id,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        reason=reason,
        created_at=now,
    )
