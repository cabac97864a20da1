"""What is done with an appointment once it is booked, but moving it: one row a mutation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import access, repository, rules
from subgraphs.appointments.events import (
    AppointmentAccepted,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentCompleted,
    AppointmentNoShow,
    AppointmentRejected,
    AppointmentState,
)
from subgraphs.appointments.rules import FREES_THE_SLOT, Move, Status
from subgraphs.appointments.service import claiming, recording
from subgraphs.appointments.service.seeing import own, written
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.kernel.access import Deed, signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import claim, once
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.versions import check_version


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks to be done with the appointment of that id."""

    id: str
    reason: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    mutation: str
    deed: Deed
    move: Move
    event: type[AppointmentState]


ACCEPT = Transition("acceptAppointment", access.DECIDE, rules.ACCEPT, AppointmentAccepted)
REJECT = Transition("rejectAppointment", access.DECIDE, rules.REJECT, AppointmentRejected)
CANCEL = Transition("cancelAppointment", access.CANCEL, rules.CANCEL, AppointmentCancelled)
CHECK_IN = Transition("checkInAppointment", access.CHECK_IN, rules.CHECK_IN, AppointmentCheckedIn)
COMPLETE = Transition("completeAppointment", access.DECIDE, rules.COMPLETE, AppointmentCompleted)
NO_SHOW = Transition("markNoShow", access.NO_SHOW, rules.NO_SHOW, AppointmentNoShow)

Work = Callable[[AsyncSession, AppointmentRow, str | None], Awaitable[None]]


async def perform(
    base: Foundation, principal: Principal | None, transition: Transition, asked: Request
) -> AppointmentRow:
    """Gives the appointment as it now is. Raises Forbidden, Unauthenticated, Refused."""
    transition.deed.require(principal)
    doer = signed_in(principal)

    async def work(session: AsyncSession, row: AppointmentRow, reason: str | None) -> None:
        now, previous = base.clock.now(), Status(row.status)
        status = transition.move.apply(previous, row.slot, now)
        await repository.save(session, row, status=status.value, reason=reason, updated_at=now)
        if status in FREES_THE_SLOT:
            await claiming.free(session, row)
        await recording.record(session, base, doer, row, recording.Fact(transition.event, previous, {}))

    return await change(base, doer, transition.mutation, asked, work)


async def change(
    base: Foundation, doer: Principal, mutation: str, asked: Request, work: Work, **fields: object
) -> AppointmentRow:
    """Runs `work` on the appointment if it is the doer's, once for a key; `fields` is what else was asked for."""
    if not is_id(asked.id):
        raise NotFound("appointment", "id")
    reason = rules.reason(asked.reason)
    given = {"id": asked.id, "reason": reason, "expected": asked.expected_version, **fields}
    claimed = claim(doer.account_id, mutation, asked.idempotency_key, given)

    changed: dict[str, AppointmentRow] = {}

    async def attempt(session: AsyncSession, id: str) -> None:
        row = await own(session, doer, id, base.clock.now())
        check_version(row.version, asked.expected_version)
        await work(session, row, reason)
        changed[id] = row

    async with base.denials.concealing(doer, mutation):
        id = await once(base.database, base.clock, claimed, attempt, entity_id=asked.id)
    return changed.get(id) or await written(base.database, id)
