"""What doctors announces. Every doctor's event carries the doctor whole, so that a copy needs no other."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from subgraphs.kernel.events import Action, Event


class DepartmentCreated(Event):
    """There is a department of that name."""

    type = "department.created"
    action = Action.CREATE
    resource_type = "Department"

    department_id: str
    name: str

    def key(self) -> str:
        return self.department_id


class WeeklyHours(BaseModel):
    """Wall time in the doctor's zone; `weekday` 0 is Monday; minutes of the day, 1440 is its end."""

    weekday: int
    start_minute: int
    end_minute: int


class LeaveSpan(BaseModel):
    leave_id: str
    starts_at: datetime
    ends_at: datetime


class DoctorState(Event):
    """The doctor as it stands at `version`, with all leave that had not ended."""

    resource_type = "Doctor"

    doctor_id: str
    version: int
    name: str
    email: str
    specialty: str
    department_id: str
    consultation_fee: Decimal
    time_zone: str
    slot_minutes: int
    active: bool
    hours: list[WeeklyHours]
    leave: list[LeaveSpan]
    reason: str | None = None

    def key(self) -> str:
        return self.doctor_id

    def audited_reason(self) -> str | None:
        return self.reason


class DoctorRegistered(DoctorState):
    """There is another doctor. `opens_login`: accounts holds a login for this doctor, which this event opens."""

    type = "doctor.registered"
    action = Action.CREATE

    opens_login: bool = False
    imported: bool = False


class DoctorUpdated(DoctorState):
    """Something about the doctor is different: name, fee, hours or leave."""

    type = "doctor.updated"
    action = Action.UPDATE


class DoctorDeactivated(DoctorState):
    """The doctor takes no appointments any more."""

    type = "doctor.deactivated"
    action = Action.UPDATE


EVENTS = (DepartmentCreated, DoctorRegistered, DoctorUpdated, DoctorDeactivated)
