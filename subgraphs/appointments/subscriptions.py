"""The root field of appointments that goes on."""

import time
from collections.abc import AsyncIterator, Callable

import strawberry

from subgraphs.appointments import access
from subgraphs.appointments.changes import Change
from subgraphs.appointments.context import Info
from subgraphs.appointments.types import AppointmentStatusChange
from subgraphs.kernel.access import seat_towards, signed_in
from subgraphs.kernel.errors import Unauthenticated
from subgraphs.kernel.given import given
from subgraphs.kernel.principal import Principal

_DESCRIPTION = """
Every status change that the viewer may see, narrowed by the arguments; access is decided for each. `after` is the cursor of the last change the
client has: the stream then goes on from there, with none missed and none repeated; without it, from now. Changes are kept 30 days at least; an older
cursor is BAD_USER_INPUT with `extensions.reason` CURSOR_EXPIRED. The socket is closed with 4403 when its token ends.
"""  # noqa: E501  (the contract's own lines)


@strawberry.type
class Subscription:
    @strawberry.subscription(description=_DESCRIPTION.strip())
    async def appointment_status_changed(
        self,
        info: Info,
        doctor_id: strawberry.ID | None = strawberry.UNSET,
        patient_id: strawberry.ID | None = strawberry.UNSET,
        department_id: strawberry.ID | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
    ) -> AsyncIterator[AppointmentStatusChange]:
        access.APPOINTMENT.require(info.context.principal)
        viewer = signed_in(info.context.principal)
        position = await info.context.stream.position(given(after))
        wanted = _narrowed(info, viewer, given(doctor_id), given(patient_id), given(department_id))
        return _told(info, viewer, position, wanted)


async def _told(
    info: Info, viewer: Principal, position: int, wanted: Callable[[Change], bool]
) -> AsyncIterator[AppointmentStatusChange]:
    async for change in info.context.stream.listen(position, wanted):
        if viewer.expires_at <= time.time():
            raise Unauthenticated("The access token has ended. Refresh the session.")
        info.context.renew()
        yield AppointmentStatusChange.of(change, viewer)


def _narrowed(
    info: Info, viewer: Principal, doctor_id: str | None, patient_id: str | None, department_id: str | None
) -> Callable[[Change], bool]:
    """Whether a change is asked for and, at this moment, seen."""

    def wanted(change: Change) -> bool:
        row = change.row
        asked = (doctor_id, row.doctor_id), (patient_id, row.patient_id), (department_id, row.department_id)
        return all(id is None or id == own for id, own in asked) and _sees(info, viewer, change)

    return wanted


def _sees(info: Info, viewer: Principal, change: Change) -> bool:
    treating = (
        access.is_doctor_of(viewer, change.row.doctor_id)
        or viewer.doctor_id in change.treating
        or info.context.stream.has_opened(viewer.account_id, change.row.patient_id)
    )
    return access.APPOINTMENT.may_see(seat_towards(viewer, change.row.patient_id, treating=treating))
