"""How a doctor's values become a row, and the row the state that is announced."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.doctors import repository
from subgraphs.doctors.events import LeaveSpan, WeeklyHours
from subgraphs.doctors.rules import Hours
from subgraphs.doctors.tables import DepartmentRow, DoctorRow, LeaveRow
from subgraphs.kernel.search import sort_key


def derived(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the columns that follow from them."""
    followed = dict(values)
    if "name" in values:
        followed["sort_name"] = sort_key(values["name"])
    if "specialty" in values:
        followed["specialty_key"] = sort_key(values["specialty"])
    return followed


def new_department(id: str, name: str, at: datetime, import_key: str | None = None) -> DepartmentRow:
    return DepartmentRow(id=id, name=name, sort_name=sort_key(name), import_key=import_key, created_at=at)


def new_doctor(id: str, values: dict[str, Any], at: datetime) -> DoctorRow:
    return DoctorRow(id=id, version=1, active=True, created_at=at, updated_at=at, **derived(values))


async def state_now(session: AsyncSession, row: DoctorRow, now: datetime) -> dict[str, Any]:
    """The fields of DoctorState, with the hours and the leave as they stand in this transaction."""
    hours = await repository.hours_of(session, [row.id])
    leave = await repository.leave_of(session, [row.id], now, None)
    return state_of(row, hours[row.id], leave[row.id])


def state_of(row: DoctorRow, hours: Sequence[Hours], leave: Sequence[LeaveRow] = ()) -> dict[str, Any]:
    """The fields of DoctorState."""
    return {
        "doctor_id": row.id,
        "version": row.version,
        "name": row.name,
        "email": row.email,
        "specialty": row.specialty,
        "department_id": row.department_id,
        "consultation_fee": row.consultation_fee,
        "time_zone": row.time_zone,
        "slot_minutes": row.slot_minutes,
        "active": row.active,
        "hours": [
            WeeklyHours(weekday=each.weekday, start_minute=each.start_minute, end_minute=each.end_minute)
            for each in hours
        ],
        "leave": [LeaveSpan(leave_id=away.id, starts_at=away.starts_at, ends_at=away.ends_at) for away in leave],
    }
