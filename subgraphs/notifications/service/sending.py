"""What is to be sent, as it goes out, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.links import Links
from subgraphs.kernel.mail import Unreachable
from subgraphs.notifications import repository
from subgraphs.notifications.rules import (
    LINK_PLACEHOLDER,
    MAXIMUM_ERROR,
    UNREACHED_WAIT,
    Channel,
    Status,
    reason_text,
    wait_after,
)
from subgraphs.notifications.tables import AppointmentCopyRow, NotificationRow, PatientCopyRow
from subgraphs.notifications.templates import html_of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it goes out; its `message_id` is the same however often it is sent.

    Who took it holds it until `held_until`; then anybody may take it, as its holder is dead. One with a `link_id` goes
    out with its link in it, which is asked for by `linked`.
    """

    id: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    attempts: int
    held_until: datetime
    traceparent: str | None = None
    link_id: str | None = None

    @property
    def message_id(self) -> str:
        return f"<{self.id}@notifications.hospital>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt at `at`; `error` is None where it was taken. One that is `final` is not tried again.

    One that `reached` nobody is no attempt at this message, which waits however long that lasts. What is not `wanted`
    any more is skipped.
    """

    message: Outgoing
    at: datetime
    error: str | None = None
    final: bool = False
    reached: bool = True
    wanted: bool = True

    def changes(self) -> dict[str, object]:
        if not self.wanted:
            return self._untried(Status.SKIPPED, self.at)
        if not self.reached:
            return self._untried(Status.QUEUED, self.at + UNREACHED_WAIT)
        attempts = self.message.attempts + 1
        wait = None if self.final else wait_after(attempts)
        return _changes(
            self.message.id,
            self.message.held_until,
            Status.SENT if self.error is None else Status.FAILED if wait is None else Status.QUEUED,
            self.error,
            due=self.at if self.error is None or wait is None else self.at + wait,
            sent=self.at if self.error is None else None,
            tries=1,
        )

    def _untried(self, status: Status, due: datetime) -> dict[str, object]:
        return _changes(self.message.id, self.message.held_until, status, self.error, due=due)


@dataclass(frozen=True, slots=True)
class _Around:
    """What decides whether a notification is still wanted."""

    patients: Mapping[str, PatientCopyRow]
    appointments: Mapping[str, AppointmentCopyRow]
    now: datetime

    def unwanted(self, row: NotificationRow) -> str | None:
        """Why, or None."""
        patient = self.patients.get(row.patient_id or "")
        if patient is not None and patient.deceased_at is not None:
            return "The patient has died."
        if row.appointment_id is None:
            return None
        visit = self.appointments.get(row.appointment_id)
        if visit is None or visit.status != "ACCEPTED" or visit.slot != row.slot:
            return "The appointment is not to be at that time any more."
        return "The appointment is past." if visit.slot <= self.now else None


async def take(base: Foundation, channel: Channel, most: int, hold: timedelta) -> list[Outgoing]:
    """At most so many, in order, held for so long. What is not wanted any more is SKIPPED here."""
    now = base.clock.now()
    rows = await _held(base, channel, now, now + hold, most)
    if not rows:
        return []
    async with base.database.reading() as session:
        around = await _around(session, rows, now)
    reasons = {row.id: reason for row in rows if (reason := around.unwanted(row)) is not None}
    skipped = [row for row in rows if row.id in reasons]
    await _write(
        base, [_changes(row.id, now + hold, Status.SKIPPED, reasons[row.id], due=row.due_at) for row in skipped]
    )
    return [_outgoing(row, now + hold) for row in rows if row.id not in reasons]


async def linked(links: Links, message: Outgoing) -> Outgoing | None:
    """With its link in it, or as it is where it has none; None where the link is used or has ended.

    Raises Unreachable where that cannot be said now.
    """
    if message.link_id is None:
        return message
    try:
        link = await links.link(message.link_id)
    except Exception as error:
        log.warning("link.not_given", notification=message.id, error=type(error).__name__)
        raise Unreachable(reason_text(error)) from error
    if link is None:
        return None
    text = message.text.replace(LINK_PLACEHOLDER, link)
    return replace(message, text=text, html=html_of(text, link))


async def give_back(base: Foundation, messages: Sequence[Outgoing]) -> None:
    """They stay queued; those that somebody else holds by now are left alone."""

    async def work(session: AsyncSession) -> None:
        held = [(message.id, message.held_until) for message in messages]
        await repository.give_back(session, held, base.clock.now())

    await base.database.transaction(work)


async def settle(base: Foundation, outcomes: Sequence[Outcome]) -> None:
    """All in one transaction."""
    await _write(base, [outcome.changes() for outcome in outcomes])


async def _held(
    base: Foundation, channel: Channel, now: datetime, until: datetime, most: int
) -> Sequence[NotificationRow]:
    """Writes nothing where nothing is due."""
    async with base.database.reading() as session:
        if not await repository.is_any_due(session, channel, now):
            return []

    async def work(session: AsyncSession) -> Sequence[NotificationRow]:
        return await repository.hold_due(session, channel, now, until, most)

    return await base.database.transaction(work)


async def _around(session: AsyncSession, rows: Iterable[NotificationRow], now: datetime) -> _Around:
    patients = await repository.patients(session, {row.patient_id for row in rows if row.patient_id is not None})
    wanted = {row.appointment_id for row in rows if row.appointment_id is not None}
    return _Around(patients, await repository.appointments(session, wanted), now)


def _outgoing(row: NotificationRow, held_until: datetime) -> Outgoing:
    html = html_of(row.body, None) if row.channel == Channel.EMAIL else ""
    return Outgoing(
        row.id,
        row.recipient,
        row.subject or "",
        row.body,
        html,
        row.attempts,
        held_until,
        row.traceparent,
        row.link_id,
    )


def _changes(
    id: str,
    held_until: datetime,
    status: Status,
    error: str | None,
    *,
    due: datetime,
    sent: datetime | None = None,
    tries: int = 0,
) -> dict[str, object]:
    return {
        "of_id": id,
        "held_until": held_until,
        "went": status is Status.SENT,
        "to_status": status.value,
        "tries": tries,
        "error": None if error is None else error[:MAXIMUM_ERROR],
        "due": due,
        "sent": sent,
    }


async def _write(base: Foundation, changes: Sequence[dict[str, object]]) -> None:
    if not changes:
        return

    async def work(session: AsyncSession) -> None:
        await repository.settle(session, changes)

    await base.database.transaction(work)
