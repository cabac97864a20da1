"""The GraphQL types of appointments; their inputs are in `inputs.py`."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Self, TypeAlias

import strawberry

from subgraphs.appointments import access, changes, rules
from subgraphs.appointments.context import Info
from subgraphs.appointments.loaders import ListOfMany
from subgraphs.appointments.repository import LATEST_OF_ONE_FIRST, Filter
from subgraphs.appointments.rules import Span, Status
from subgraphs.appointments.tables import AppointmentRow, TransitionRow
from subgraphs.kernel.pagination import Connection, connection, page_of
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.refusals import Refusal

strawberry.enum(
    Status,
    name="AppointmentStatus",
    description="""
PENDING holds the slot. REJECTED, CANCELLED and NO_SHOW free it. COMPLETED, REJECTED, CANCELLED and NO_SHOW are final.
accept, reject: from PENDING. cancel: from PENDING, ACCEPTED. check in: from ACCEPTED. complete: from ACCEPTED, CHECKED_IN, at any time.
no-show: from ACCEPTED, from the slot on. reschedule: PENDING, ACCEPTED; the status stays, and the move is in `history` (from = to) and on the stream.
Records and bills: from ACCEPTED on. Everything else is INVALID_TRANSITION.
""".strip(),  # noqa: E501  (the contract's own lines)
)
AppointmentStatus: TypeAlias = Status


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    SLOT_TAKEN = "SLOT_TAKEN"
    SLOT_IN_PAST = "SLOT_IN_PAST"
    OUTSIDE_AVAILABILITY = "OUTSIDE_AVAILABILITY"
    DOCTOR_ON_LEAVE = "DOCTOR_ON_LEAVE"
    PATIENT_BUSY = "PATIENT_BUSY"
    INVALID_TRANSITION = "INVALID_TRANSITION"


@strawberry.federation.type(shareable=True)
class UserError(Refusal[ErrorCode]):
    codes = ErrorCode


@strawberry.type
class Slot:
    start: datetime
    end: datetime

    @classmethod
    def of(cls, span: Span) -> Self:
        return cls(start=span.start, end=span.end)


@strawberry.type
class AppointmentTransition:
    from_: AppointmentStatus | None
    to: AppointmentStatus
    at: datetime
    by_account_id: strawberry.ID | None
    reason: str | None
    slot: datetime

    @classmethod
    def of(cls, row: TransitionRow, *, shows_reason: bool) -> Self:
        return cls(
            from_=None if row.from_status is None else Status(row.from_status),
            to=Status(row.to_status),
            at=row.at,
            by_account_id=None if row.by_account_id is None else strawberry.ID(row.by_account_id),
            reason=row.reason if shows_reason else None,
            slot=row.slot,
        )


@strawberry.federation.type(keys=["id"])
class Patient:
    """Made only for who sees the patient; there is none for anybody else."""

    id: strawberry.ID

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Patient | None]":
        """Whether there is such a patient is for patients to say: only who may not see their appointments gets null."""
        seen = await info.context.loaders.seen_of_patients(access.APPOINTMENT, ids)
        return [cls(id=strawberry.ID(id)) if id in seen else None for id in ids]

    @strawberry.field
    async def appointments(
        self,
        info: Info,
        status: list[AppointmentStatus] | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> "Connection[Appointment] | None":
        narrowed = Filter(statuses=_statuses(status))
        return await _connection(info, "patient_id", self.id, narrowed, first, after)


@strawberry.federation.type(keys=["id"])
class Doctor:
    id: strawberry.ID

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Doctor | None]":
        return [cls(id=strawberry.ID(id)) for id in ids]

    @strawberry.field(
        description="Bookable starts, at most 31 days at a time: working hours less leave less what is taken."
    )
    async def open_slots(self, info: Info, from_: date, to: date) -> list[Slot] | None:
        rules.check_days(from_, to)
        found = await info.context.loaders.open_slots.load((self.id, (from_, to)))
        return None if found is None else [Slot.of(span) for span in found]

    @strawberry.field
    async def appointments(
        self,
        info: Info,
        status: list[AppointmentStatus] | None = strawberry.UNSET,
        from_: datetime | None = strawberry.UNSET,
        to: datetime | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> "Connection[Appointment] | None":
        if not access.sees_some(access.APPOINTMENT, info.context.principal):
            return None
        narrowed = Filter(statuses=_statuses(status), since=from_ or None, before=to or None)
        return await _connection(info, "doctor_id", self.id, narrowed, first, after)


@strawberry.federation.type(keys=["id"])
class Appointment:
    """`row` is seen by who asks: `of` makes no check."""

    id: strawberry.ID
    doctor: Doctor | None
    slot: datetime
    end: datetime
    status: AppointmentStatus
    notes: str | None
    reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    row: strawberry.Private[AppointmentRow]
    shows_notes: strawberry.Private[bool]

    @classmethod
    def of(cls, row: AppointmentRow, principal: Principal | None) -> Self:
        shows_notes = access.shows_notes(principal)
        return cls(
            id=strawberry.ID(row.id),
            doctor=Doctor(id=strawberry.ID(row.doctor_id)),
            slot=row.slot,
            end=row.ends_at,
            status=Status(row.status),
            notes=row.notes if shows_notes else None,
            reason=row.reason if shows_notes else None,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            row=row,
            shows_notes=shows_notes,
        )

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Appointment | None]":
        rows = await info.context.loaders.visible(ids)
        return [None if row is None else cls.of(row, info.context.principal) for row in rows]

    @strawberry.field
    async def patient(self, info: Info) -> Patient | None:
        return Patient(id=strawberry.ID(self.row.patient_id)) if await self._shows_patient(info) else None

    @strawberry.field(description="As it was at the booking.")
    async def patient_email(self, info: Info) -> str | None:
        return self.row.patient_email if await self._shows_patient(info) else None

    @strawberry.field(description="Oldest first; the booking itself is the first, from null to PENDING.")
    async def history(self, info: Info) -> list[AppointmentTransition]:
        rows = await info.context.loaders.histories.load(self.id)
        return [AppointmentTransition.of(row, shows_reason=self.shows_notes) for row in rows]

    async def _shows_patient(self, info: Info) -> bool:
        return await info.context.loaders.sees_of_patient(access.PATIENT, self.row.patient_id)


@strawberry.type(description="A booking is a change too: `previousStatus` is null.")
class AppointmentStatusChange:
    cursor: str
    appointment: Appointment
    previous_status: AppointmentStatus | None
    status: AppointmentStatus
    changed_at: datetime

    @classmethod
    def of(cls, change: changes.Change, principal: Principal | None) -> Self:
        previous = change.row.previous_status
        return cls(
            cursor=changes.cursor(change.sequence),
            appointment=Appointment.of(change.appointment, principal),
            previous_status=None if previous is None else Status(previous),
            status=Status(change.row.status),
            changed_at=change.row.changed_at,
        )


@strawberry.type
class AppointmentPayload:
    appointment: Appointment | None
    errors: list[UserError]


def _statuses(given: Sequence[Status] | None) -> tuple[Status, ...] | None:
    return tuple(given) if isinstance(given, list) else None


async def _connection(
    info: Info, parent: str, id: str, narrowed: Filter, first: int, after: str | None
) -> Connection[Appointment]:
    """One parent's list, read together with the same list of the others."""
    loaders, keyset = info.context.loaders, LATEST_OF_ONE_FIRST[parent]
    asked = ListOfMany(parent, narrowed, keyset.request(first, after if isinstance(after, str) else None))
    page = page_of(await loaders.rows.load((id, asked)), asked.wanted)

    async def count() -> int:
        return await loaders.counts.load((id, asked))

    return connection(page, keyset, lambda row: Appointment.of(row, info.context.principal), count)
