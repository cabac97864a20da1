"""The root fields of appointments that read."""

import strawberry

from subgraphs.appointments.context import Info
from subgraphs.appointments.inputs import AppointmentFilter
from subgraphs.appointments.repository import LATEST_FIRST, Filter
from subgraphs.appointments.types import Appointment
from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection, connection


@strawberry.type
class Query:
    @strawberry.field
    async def appointment(self, info: Info, id: strawberry.ID) -> Appointment | None:
        row = await info.context.service.appointment(info.context.principal, id)
        return None if row is None else Appointment.of(row, info.context.principal)

    @strawberry.field
    async def appointments(
        self,
        info: Info,
        filter: AppointmentFilter | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Connection[Appointment] | None:
        context, wanted = info.context, LATEST_FIRST.request(first, given(after))
        found = await context.service.appointments(context.principal, filter.meant() if filter else Filter(), wanted)
        return connection(found.page, LATEST_FIRST, lambda row: Appointment.of(row, context.principal), found.count)

    @strawberry.field(
        description="Where the changes stand now: taken before a list and given as `after`, nothing falls"
        " between the two."
    )
    async def appointment_changes_cursor(self, info: Info) -> str | None:
        return await info.context.service.changes_cursor(info.context.principal)
