"""The GraphQL types and inputs of doctors."""

from collections.abc import Awaitable, Callable
from datetime import datetime, time
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Any, Self

import strawberry

from subgraphs.doctors import access, repository, rules
from subgraphs.doctors.context import Info
from subgraphs.doctors.loaders import DepartmentPage, LeaveRange
from subgraphs.doctors.service.leave import NewLeave
from subgraphs.doctors.service.registering import Registration
from subgraphs.doctors.tables import DepartmentRow, DoctorRow, LeaveRow
from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection, Page, connection
from subgraphs.kernel.refusals import Refusal


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    WEAK_PASSWORD = "WEAK_PASSWORD"  # noqa: S105  (the name of a problem)


@strawberry.federation.type(shareable=True)
class UserError(Refusal[ErrorCode]):
    codes = ErrorCode


@strawberry.enum
class DayOfWeek(Enum):
    """The values are weekdays as Python counts them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@strawberry.type(
    description=(
        "Weekly working hours, wall time in the doctor's `timeZone`; an `endTime` of 00:00 is the end of that day."
    )
)
class Availability:
    day: DayOfWeek
    start_time: time
    end_time: time

    @classmethod
    def of(cls, hours: rules.Hours) -> Self:
        return cls(
            day=DayOfWeek(hours.weekday),
            start_time=rules.wall_time(hours.start_minute),
            end_time=rules.wall_time(hours.end_minute),
        )


@strawberry.type
class Leave:
    id: strawberry.ID
    from_: datetime
    to: datetime
    reason: str | None

    @classmethod
    def of(cls, row: LeaveRow, *, with_reason: bool) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            from_=row.starts_at,
            to=row.ends_at,
            reason=row.reason if with_reason else None,
        )


@strawberry.federation.type(keys=["id"])
class Department:
    id: strawberry.ID
    name: str

    @classmethod
    def of(cls, row: DepartmentRow) -> Self:
        return cls(id=strawberry.ID(row.id), name=row.name)

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Department | None]":
        return [None if row is None else cls.of(row) for row in await info.context.loaders.departments_of(ids)]

    @strawberry.field
    async def doctors(self, info: Info, first: int = 20, after: str | None = strawberry.UNSET) -> "Connection[Doctor]":
        loaders, wanted = info.context.loaders, repository.OF_DEPARTMENT.request(first, given(after))
        page = await loaders.pages.load(DepartmentPage(self.id, wanted))
        return connection(page, repository.OF_DEPARTMENT, Doctor.of, partial(loaders.counts.load, self.id))


@strawberry.federation.type(keys=["id"])
class Doctor:
    id: strawberry.ID
    name: str
    email: str
    specialty: str
    department: Department
    consultation_fee: Decimal
    time_zone: str = strawberry.field(description="IANA zone, e.g. Asia/Kolkata.")
    slot_minutes: int
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: DoctorRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            name=row.name,
            email=row.email,
            specialty=row.specialty,
            department=Department(id=strawberry.ID(row.department_id), name=row.department_name),
            consultation_fee=row.consultation_fee,
            time_zone=row.time_zone,
            slot_minutes=row.slot_minutes,
            active=row.active,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Doctor | None]":
        return [None if row is None else cls.of(row) for row in await info.context.loaders.doctors_of(ids)]

    @strawberry.field
    async def availability(self, info: Info) -> list[Availability]:
        return [Availability.of(hours) for hours in await info.context.loaders.hours.load(self.id)]

    @strawberry.field
    async def leave(
        self, info: Info, from_: datetime | None = strawberry.UNSET, to: datetime | None = strawberry.UNSET
    ) -> list[Leave]:
        starts_at, ends_at = given(from_), given(to)
        rules.leave_range(starts_at, ends_at)
        rows = await info.context.loaders.leave.load(LeaveRange(self.id, starts_at, ends_at))
        with_reason = access.may_see_leave_reason(info.context.principal, self.id)
        return [Leave.of(row, with_reason=with_reason) for row in rows]


def doctor_connection(page: Page[DoctorRow], count: Callable[[], Awaitable[int]]) -> Connection[Doctor]:
    return connection(page, repository.DOCTORS, Doctor.of, count)


@strawberry.input
class AvailabilityInput:
    day: DayOfWeek
    start_time: time
    end_time: time

    def window(self) -> rules.Window:
        return rules.Window(self.day.value, self.start_time, self.end_time)


@strawberry.input
class CreateDepartmentInput:
    name: str


@strawberry.input
class RegisterDoctorInput:
    name: str
    email: str
    password: str
    specialty: str
    department_id: strawberry.ID
    consultation_fee: Decimal = Decimal("0.00")
    time_zone: str | None = strawberry.UNSET
    slot_minutes: int = 30
    availability: list[AvailabilityInput] = strawberry.field(default_factory=list)
    idempotency_key: str | None = strawberry.UNSET

    def registration(self) -> Registration:
        return Registration(
            name=self.name,
            email=self.email,
            password=self.password,
            specialty=self.specialty,
            department_id=self.department_id,
            consultation_fee=self.consultation_fee,
            time_zone=given(self.time_zone),
            slot_minutes=self.slot_minutes,
            hours=tuple(each.window() for each in self.availability),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input
class UpdateDoctorInput:
    id: strawberry.ID
    name: strawberry.Maybe[str | None]
    specialty: strawberry.Maybe[str | None]
    department_id: strawberry.Maybe[strawberry.ID | None]
    consultation_fee: strawberry.Maybe[Decimal | None]
    slot_minutes: strawberry.Maybe[int | None]
    expected_version: int | None = strawberry.UNSET

    def changes(self) -> dict[str, Any]:
        """By attribute, what was given; None for null."""
        own = ("name", "specialty", "department_id", "consultation_fee", "slot_minutes")
        fields = {name: getattr(self, name) for name in own}
        return {name: some.value for name, some in fields.items() if some is not None}


@strawberry.input
class SetAvailabilityInput:
    doctor_id: strawberry.ID
    availability: list[AvailabilityInput]
    expected_version: int | None = strawberry.UNSET


@strawberry.input
class AddLeaveInput:
    doctor_id: strawberry.ID
    from_: datetime
    to: datetime
    reason: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def leave(self) -> NewLeave:
        return NewLeave(self.doctor_id, self.from_, self.to, given(self.reason), given(self.idempotency_key))


@strawberry.input
class RemoveLeaveInput:
    id: strawberry.ID


@strawberry.input
class DeactivateDoctorInput:
    id: strawberry.ID
    reason: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET


@strawberry.type
class DepartmentPayload:
    department: Department | None
    errors: list[UserError]


@strawberry.type
class DoctorPayload:
    doctor: Doctor | None
    errors: list[UserError]
