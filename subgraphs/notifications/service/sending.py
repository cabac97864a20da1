"""What is to be sent, as it goes out, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.links import Links
from subgraphs.notifications import repository
from subgraphs.notifications.rules import LINK_PLACEHOLDER, MAXIMUM_ERROR, Channel, Status, reason_text, wait_after
from subgraphs.notifications.tables import AppointmentCopyRow, NotificationRow, PatientCopyRow
from subgraphs.notifications.templates import html_of


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it goes out; its `message_id` is the same however often it is sent.

    Who took it holds it until `held_until`; then anybody may take it, as its holder is dead.
    """

    id: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    attempts: int
    held_until: datetime
    traceparent: str | None = None

    @property
    def message_id(self) -> str:
        return f"<{self.id}@notifications.hospital>"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one attempt at `at`; `error` is None where it was taken. One that is `final` is not tried again."""

    message: Outgoing
    at: datetime
    error: str | None = None
    final: bool = False

    def changes(self) -> dict[str, object]:
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


@dataclass(frozen=True, slots=True)
class _Around:
    """What decides whether a notification is still wanted, and until when those in hand are held."""

    patients: Mapping[str, PatientCopyRow]
    appointments: Mapping[str, AppointmentCopyRow]
    now: datetime
    held_until: datetime

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


async def take(base: Foundation, links: Links, channel: Channel, most: int, hold: timedelta) -> list[Outgoing]:
    """At most so many, in order, held for so long. What is not wanted any more is SKIPPED here."""
    now = base.clock.now()
    rows = await _held(base, channel, now, now + hold, most)
    if not rows:
        return []
    async with base.database.reading() as session:
        around = await _around(session, rows, now, now + hold)
    left: list[dict[str, object]] = []
    going = [out for row in rows if (out := await _going(base, links, around, row, left)) is not None]
    await _write(base, left)
    return going


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


async def _around(
    session: AsyncSession, rows: Iterable[NotificationRow], now: datetime, held_until: datetime
) -> _Around:
    patients = await repository.patients(session, {row.patient_id for row in rows if row.patient_id is not None})
    wanted = {row.appointment_id for row in rows if row.appointment_id is not None}
    return _Around(patients, await repository.appointments(session, wanted), now, held_until)


async def _going(
    base: Foundation, links: Links, around: _Around, row: NotificationRow, left: list[dict[str, object]]
) -> Outgoing | None:
    """None for what does not go out now, which is added to `left`."""
    reason = around.unwanted(row)
    if reason is not None:
        left.append(_changes(row.id, around.held_until, Status.SKIPPED, reason, due=row.due_at))
        return None
    if row.link_id is None:
        return _outgoing(row, around.held_until)
    try:
        link = await links.link(row.link_id)
    except Exception as error:
        left.append(Outcome(_outgoing(row, around.held_until), base.clock.now(), reason_text(error)).changes())
        return None
    if link is None:
        reason = "The link is used or has ended."
        left.append(_changes(row.id, around.held_until, Status.SKIPPED, reason, due=row.due_at))
        return None
    return _outgoing(row, around.held_until, link)


def _outgoing(row: NotificationRow, held_until: datetime, link: str | None = None) -> Outgoing:
    text = row.body if link is None else row.body.replace(LINK_PLACEHOLDER, link)
    html = html_of(text, link) if row.channel == Channel.EMAIL else ""
    subject, attempts = row.subject or "", row.attempts
    return Outgoing(row.id, row.recipient, subject, text, html, attempts, held_until, row.traceparent)


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
