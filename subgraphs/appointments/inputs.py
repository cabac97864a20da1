"""The GraphQL inputs of appointments, and what they mean to the use cases: apart from the types, which are many."""

from datetime import datetime

import strawberry

from subgraphs.appointments.repository import Filter
from subgraphs.appointments.service import Booking, Request
from subgraphs.appointments.types import AppointmentStatus
from subgraphs.kernel.given import given


@strawberry.input(description="`departmentId`: the doctor's department at the booking.")
class AppointmentFilter:
    patient_id: strawberry.ID | None = strawberry.UNSET
    doctor_id: strawberry.ID | None = strawberry.UNSET
    department_id: strawberry.ID | None = strawberry.UNSET
    status: list[AppointmentStatus] | None = strawberry.UNSET
    from_: datetime | None = strawberry.UNSET
    to: datetime | None = strawberry.UNSET

    def meant(self) -> Filter:
        statuses = given(self.status)
        return Filter(
            patient_id=given(self.patient_id),
            doctor_id=given(self.doctor_id),
            department_id=given(self.department_id),
            statuses=None if statuses is None else tuple(statuses),
            since=given(self.from_),
            before=given(self.to),
        )


@strawberry.input
class BookAppointmentInput:
    patient_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Left out by a patient who books for themself."
    )
    doctor_id: strawberry.ID
    slot: datetime
    notes: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def meant(self) -> Booking:
        return Booking(
            patient_id=given(self.patient_id),
            doctor_id=self.doctor_id,
            slot=self.slot,
            notes=given(self.notes),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input
class AppointmentTransitionInput:
    id: strawberry.ID
    reason: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def meant(self) -> Request:
        return Request(self.id, given(self.reason), given(self.expected_version), given(self.idempotency_key))


@strawberry.input
class RescheduleAppointmentInput:
    id: strawberry.ID
    slot: datetime
    reason: str | None = strawberry.UNSET
    expected_version: int | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def meant(self) -> Request:
        return Request(self.id, given(self.reason), given(self.expected_version), given(self.idempotency_key))
