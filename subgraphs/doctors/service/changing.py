"""Changing a doctor: data, hours, leave, and the end. Each raises the version and announces the doctor whole."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.events import DoctorDeactivated, DoctorState, DoctorUpdated
from subgraphs.doctors.service.writing import derived, state_now
from subgraphs.doctors.tables import DoctorRow, LeaveRow
from subgraphs.kernel import idempotency
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Forbidden, NotFound, Target
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.problems import checked
from subgraphs.kernel.versions import check_version

Work = Callable[[AsyncSession, DoctorRow], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Change:
    """What `work` does to the doctor whom that field of the input names, and how it is announced."""

    doctor_id: str
    field: str
    work: Work
    event: type[DoctorState] = DoctorUpdated
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NewLeave:
    doctor_id: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None = None
    idempotency_key: str | None = None


async def update(
    base: Foundation, principal: Principal | None, id: str, given: dict[str, Any], expected_version: int | None
) -> DoctorRow:
    """An inactive doctor's data can still be put right."""
    access.DATA.require(principal)
    values = rules.changes(given)

    async def change(session: AsyncSession, row: DoctorRow) -> None:
        check_version(row.version, expected_version)
        await _check_department(session, values)
        for name, value in derived(values).items():
            setattr(row, name, value)
        if "name" in values:
            await repository.replace_words(session, row)

    return await _changed(base, principal, _Change(id, "id", change))


async def set_availability(
    base: Foundation,
    principal: Principal | None,
    doctor_id: str,
    windows: Sequence[rules.Window],
    expected_version: int | None,
) -> DoctorRow:
    access.HOURS.require(principal)
    await _check_reach(base, principal, doctor_id)
    hours = rules.weekly_hours(windows)

    async def change(session: AsyncSession, row: DoctorRow) -> None:
        check_version(row.version, expected_version)
        rules.still_active(row.active, "doctorId")
        await repository.replace_hours(session, row.id, hours)

    return await _changed(base, principal, _Change(doctor_id, "doctorId", change))


async def add_leave(base: Foundation, principal: Principal | None, given: NewLeave) -> DoctorRow:
    access.HOURS.require(principal)
    await _check_reach(base, principal, given.doctor_id)
    values = checked(
        {"span": lambda: rules.leave(given.starts_at, given.ends_at), "reason": lambda: rules.reason(given.reason)}
    )
    fields = {"doctor_id": given.doctor_id, "from": given.starts_at, "to": given.ends_at, "reason": values["reason"]}
    claim = idempotency.claim(signed_in(principal).account_id, "addLeave", given.idempotency_key, fields)

    async def work(session: AsyncSession, id: str) -> None:
        async def change(session: AsyncSession, row: DoctorRow) -> None:
            rules.still_active(row.active, "doctorId")
            ahead = await repository.leave_of(session, [row.id], base.clock.now(), None)
            rules.room_for_leave(len(ahead[row.id]))
            session.add(_leave_row(id, given, values["reason"], base.clock.now()))

        await _apply(base, session, principal, _Change(given.doctor_id, "doctorId", change))

    await idempotency.once(base.database, base.clock, claim, work)
    async with base.database.reading() as session:
        return await _found(session, given.doctor_id, "doctorId")


async def remove_leave(base: Foundation, principal: Principal | None, id: str) -> DoctorRow:
    access.HOURS.require(principal)
    doctor_id = await _doctor_on_leave(base, id)
    await _check_reach(base, principal, doctor_id)

    async def change(session: AsyncSession, row: DoctorRow) -> None:
        rules.still_active(row.active, "id")
        if not await repository.remove_leave(session, id):
            raise NotFound("leave", "id")

    return await _changed(base, principal, _Change(doctor_id, "id", change))


async def deactivate(
    base: Foundation, principal: Principal | None, id: str, reason: str | None, expected_version: int | None
) -> DoctorRow:
    """What is booked stays: appointments hears of it and takes no more. The reason stands in the audit trail."""
    access.DEACTIVATE.require(principal)
    why = rules.reason(reason)

    async def change(session: AsyncSession, row: DoctorRow) -> None:
        check_version(row.version, expected_version)
        rules.still_active(row.active, "id")
        row.active = False

    return await _changed(base, principal, _Change(id, "id", change, DoctorDeactivated, why))


async def _changed(base: Foundation, principal: Principal | None, wanted: _Change) -> DoctorRow:
    async def work(session: AsyncSession) -> DoctorRow:
        return await _apply(base, session, principal, wanted)

    return await base.database.transaction(work)


async def _apply(base: Foundation, session: AsyncSession, principal: Principal | None, wanted: _Change) -> DoctorRow:
    """Applies the change to the locked doctor, as one more version, and records it."""
    now = base.clock.now()
    row = await repository.locked_doctor(session, wanted.doctor_id) if is_id(wanted.doctor_id) else None
    if row is None:
        raise NotFound("doctor", wanted.field)
    await wanted.work(session, row)
    row.version, row.updated_at = row.version + 1, now
    await session.flush()
    event = wanted.event(**await state_now(session, row, now), reason=wanted.reason)
    base.outbox.record(session, event, Actor.of(principal))
    return row


async def _check_reach(base: Foundation, principal: Principal | None, doctor_id: str) -> None:
    """Raises Forbidden for another doctor's hours, and NotFound for a doctor that is not there."""
    if access.may_change_hours(principal, doctor_id) and is_id(doctor_id):
        return
    await _check_known(base, doctor_id, "doctorId")
    raise Forbidden("A doctor changes no hours but their own.", Target("Doctor", doctor_id))


async def _check_known(base: Foundation, id: str, field: str) -> None:
    async with base.database.reading() as session:
        await _found(session, id, field)


async def _found(session: AsyncSession, id: str, field: str) -> DoctorRow:
    row = await repository.doctor(session, id) if is_id(id) else None
    if row is None:
        raise NotFound("doctor", field)
    return row


async def _doctor_on_leave(base: Foundation, leave_id: str) -> str:
    async with base.database.reading() as session:
        row = await repository.leave(session, leave_id) if is_id(leave_id) else None
    if row is None:
        raise NotFound("leave", "id")
    return row.doctor_id


async def _check_department(session: AsyncSession, values: dict[str, Any]) -> None:
    id = values.get("department_id")
    if id is None:
        return
    if not is_id(id) or id not in await repository.departments_by_id(session, [id]):
        raise NotFound("department", "departmentId")


def _leave_row(id: str, given: NewLeave, reason: str | None, now: datetime) -> LeaveRow:
    return LeaveRow(
        id=id,
        doctor_id=given.doctor_id,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        reason=reason,
        created_at=now,
    )
