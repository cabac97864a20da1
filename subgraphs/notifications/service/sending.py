"""What is to be sent, as it goes out, and what became of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.links import Links
from subgraphs.notifications import repository
from subgraphs.notifications.rules import LINK_PLACEHOLDER, MAXIMUM_ERROR, Channel, Status, reason_text, wait_after
from subgraphs.notifications.tables import AppointmentCopyRow, NotificationRow, PatientCopyRow
from subgraphs.notifications.templates import html_of


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it goes out; its `message_id` is the same however often it is sent."""

    id: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    attempts: int
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
            Status.SENT if self.error is None else Status.FAILED if wait is None else Status.QUEUED,
            self.error,
            due=self.at if self.error is None or wait is None else self.at + wait,
            sent=self.at if self.error is None else None,
            tries=1,
        )


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


async def due(base: Foundation, links: Links, channel: Channel, most: int, besides: Collection[str]) -> list[Outgoing]:
    """At most so many, in order, but for those in hand. What is not wanted any more is SKIPPED here."""
    now = base.clock.now()
    async with base.database.reading() as session:
        rows = await repository.due(session, channel, now, most + len(besides))
        fresh = [row for row in rows if row.id not in besides]
        around = await _around(session, fresh, now)
    left: list[dict[str, object]] = []
    going = [out for row in fresh if (out := await _going(base, links, around, row, left)) is not None]
    await _write(base, left)
    return going


async def settle(base: Foundation, outcomes: Sequence[Outcome]) -> None:
    """All in one transaction."""
    await _write(base, [outcome.changes() for outcome in outcomes])


async def _around(session: AsyncSession, rows: Iterable[NotificationRow], now: datetime) -> _Around:
    patients = await repository.patients(session, {row.patient_id for row in rows if row.patient_id is not None})
    wanted = {row.appointment_id for row in rows if row.appointment_id is not None}
    return _Around(patients, await repository.appointments(session, wanted), now)


async def _going(
    base: Foundation, links: Links, around: _Around, row: NotificationRow, left: list[dict[str, object]]
) -> Outgoing | None:
    """None for what does not go out now, which is added to `left`."""
    reason = around.unwanted(row)
    if reason is not None:
        left.append(_changes(row.id, Status.SKIPPED, reason, due=row.due_at))
        return None
    if row.link_id is None:
        return _outgoing(row)
    try:
        link = await links.link(row.link_id)
    except Exception as error:
        left.append(Outcome(_outgoing(row), base.clock.now(), reason_text(error)).changes())
        return None
    if link is None:
        left.append(_changes(row.id, Status.SKIPPED, "The link is used or has ended.", due=row.due_at))
        return None
    return _outgoing(row, link)


def _outgoing(row: NotificationRow, link: str | None = None) -> Outgoing:
    text = row.body if link is None else row.body.replace(LINK_PLACEHOLDER, link)
    html = html_of(text, link) if row.channel == Channel.EMAIL else ""
    return Outgoing(row.id, row.recipient, row.subject or "", text, html, row.attempts, row.traceparent)


def _changes(
    id: str, status: Status, error: str | None, *, due: datetime, sent: datetime | None = None, tries: int = 0
) -> dict[str, object]:
    kept = None if error is None else error[:MAXIMUM_ERROR]
    return {"of_id": id, "to_status": status.value, "tries": tries, "error": kept, "due": due, "sent": sent}


async def _write(base: Foundation, changes: Sequence[dict[str, object]]) -> None:
    if not changes:
        return

    async def work(session: AsyncSession) -> None:
        await repository.settle(session, changes)

    await base.database.transaction(work)
