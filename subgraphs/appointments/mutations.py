"""The root fields of appointments that change something."""

from collections.abc import Awaitable

import strawberry

from subgraphs.appointments.context import Info
from subgraphs.appointments.inputs import AppointmentTransitionInput, BookAppointmentInput, RescheduleAppointmentInput
from subgraphs.appointments.service import Transition, transitions
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.appointments.types import Appointment, AppointmentPayload, UserError
from subgraphs.kernel.errors import Refused


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def book_appointment(self, info: Info, input: BookAppointmentInput) -> AppointmentPayload | None:
        return await _payload(info, info.context.service.book(info.context.principal, input.meant()))

    @strawberry.mutation
    async def accept_appointment(self, info: Info, input: AppointmentTransitionInput) -> AppointmentPayload | None:
        return await _performed(info, transitions.ACCEPT, input)

    @strawberry.mutation
    async def reject_appointment(self, info: Info, input: AppointmentTransitionInput) -> AppointmentPayload | None:
        return await _performed(info, transitions.REJECT, input)

    @strawberry.mutation
    async def reschedule_appointment(self, info: Info, input: RescheduleAppointmentInput) -> AppointmentPayload | None:
        service = info.context.service
        return await _payload(info, service.reschedule(info.context.principal, input.meant(), input.slot))

    @strawberry.mutation
    async def cancel_appointment(self, info: Info, input: AppointmentTransitionInput) -> AppointmentPayload | None:
        return await _performed(info, transitions.CANCEL, input)

    @strawberry.mutation
    async def check_in_appointment(self, info: Info, input: AppointmentTransitionInput) -> AppointmentPayload | None:
        return await _performed(info, transitions.CHECK_IN, input)

    @strawberry.mutation
    async def complete_appointment(self, info: Info, input: AppointmentTransitionInput) -> AppointmentPayload | None:
        return await _performed(info, transitions.COMPLETE, input)

    @strawberry.mutation
    async def mark_no_show(self, info: Info, input: AppointmentTransitionInput) -> AppointmentPayload | None:
        return await _performed(info, transitions.NO_SHOW, input)


async def _performed(info: Info, transition: Transition, input: AppointmentTransitionInput) -> AppointmentPayload:
    return await _payload(info, info.context.service.perform(info.context.principal, transition, input.meant()))


async def _payload(info: Info, doing: Awaitable[AppointmentRow]) -> AppointmentPayload:
    info.context.renew()
    try:
        row = await doing
    except Refused as refused:
        return AppointmentPayload(appointment=None, errors=UserError.all_of(refused))
    return AppointmentPayload(appointment=Appointment.of(row, info.context.principal), errors=[])
