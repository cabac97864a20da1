"""The root fields of doctors that change something."""

from collections.abc import Awaitable

import strawberry

from subgraphs.doctors.context import Info
from subgraphs.doctors.tables import DoctorRow
from subgraphs.doctors.types import (
    AddLeaveInput,
    CreateDepartmentInput,
    DeactivateDoctorInput,
    Department,
    DepartmentPayload,
    Doctor,
    DoctorPayload,
    RegisterDoctorInput,
    RemoveLeaveInput,
    SetAvailabilityInput,
    UpdateDoctorInput,
    UserError,
)
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.given import given


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def create_department(self, info: Info, input: CreateDepartmentInput) -> DepartmentPayload | None:
        try:
            row = await info.context.service.create_department(info.context.principal, input.name)
        except Refused as refused:
            return DepartmentPayload(department=None, errors=UserError.all_of(refused))
        return DepartmentPayload(department=Department.of(row), errors=[])

    @strawberry.mutation(description="ADMIN: a doctor and the doctor's login in one step.")
    async def register_doctor(self, info: Info, input: RegisterDoctorInput) -> DoctorPayload | None:
        context = info.context
        return await _payload(info, context.service.register(context.principal, input.registration()))

    @strawberry.mutation
    async def update_doctor(self, info: Info, input: UpdateDoctorInput) -> DoctorPayload | None:
        context, expected = info.context, given(input.expected_version)
        return await _payload(info, context.service.update(context.principal, input.id, input.changes(), expected))

    @strawberry.mutation
    async def set_availability(self, info: Info, input: SetAvailabilityInput) -> DoctorPayload | None:
        context, expected = info.context, given(input.expected_version)
        windows = [each.window() for each in input.availability]
        change = context.service.set_availability(context.principal, input.doctor_id, windows, expected)
        return await _payload(info, change)

    @strawberry.mutation
    async def add_leave(self, info: Info, input: AddLeaveInput) -> DoctorPayload | None:
        context = info.context
        return await _payload(info, context.service.add_leave(context.principal, input.leave()))

    @strawberry.mutation
    async def remove_leave(self, info: Info, input: RemoveLeaveInput) -> DoctorPayload | None:
        context = info.context
        return await _payload(info, context.service.remove_leave(context.principal, input.id))

    @strawberry.mutation(description="ADMIN: takes no more bookings; what is booked stays and is listed for the desk.")
    async def deactivate_doctor(self, info: Info, input: DeactivateDoctorInput) -> DoctorPayload | None:
        context, reason, expected = info.context, given(input.reason), given(input.expected_version)
        return await _payload(info, context.service.deactivate(context.principal, input.id, reason, expected))


async def _payload(info: Info, change: Awaitable[DoctorRow]) -> DoctorPayload:
    """The doctor as the change left it, or why it was refused."""
    try:
        id = (await change).id
    except Refused as refused:
        return DoctorPayload(doctor=None, errors=UserError.all_of(refused))
    finally:
        info.context.renew()
    row = await info.context.loaders.doctors.load(id)
    return DoctorPayload(doctor=None if row is None else Doctor.of(row), errors=[])
