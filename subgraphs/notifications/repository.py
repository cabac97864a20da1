"""Every SELECT and INSERT of notifications."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

import sqlalchemy
from sqlalchemy import Boolean, bindparam, delete, exists, func, insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from subgraphs.kernel.email_address import compared
from subgraphs.kernel.pagination import Keyset, Page, PageRequest, page_of
from subgraphs.kernel.rows import add_row, read, read_rows, run, select_rows, table_of
from subgraphs.notifications.rules import Channel, Status
from subgraphs.notifications.tables import (
    AppointmentCopyRow,
    NotificationRow,
    PatientCopyRow,
    ReminderRow,
    TemplateRow,
    TemplateVersionRow,
    WaitingFactRow,
)

T = TypeVar("T")

NEWEST_FIRST = Keyset("notifications", ("created_at", "id"), (datetime, str), descending=True)

_NOTIFICATIONS = table_of(NotificationRow)
_IS_DUE = (
    col(NotificationRow.status) == Status.QUEUED,
    col(NotificationRow.channel) == bindparam("of_channel"),
    col(NotificationRow.due_at) <= bindparam("now"),
)
_FIRST_DUE = sqlalchemy.select(col(NotificationRow.id)).where(*_IS_DUE).order_by(col(NotificationRow.id)).limit(1)
_DUE = (
    select_rows(NotificationRow)
    .where(*_IS_DUE)
    .order_by(col(NotificationRow.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_HOLD = (
    update(_NOTIFICATIONS)
    .where(col(NotificationRow.id).in_(bindparam("ids", expanding=True)))
    .values(due_at=bindparam("until"))
)
_IS_QUEUED = (col(NotificationRow.id) == bindparam("of_id")) & (col(NotificationRow.status) == Status.QUEUED)
_IS_HELD = col(NotificationRow.due_at) == bindparam("held_until")
_GIVE_BACK = update(_NOTIFICATIONS).where(_IS_QUEUED, _IS_HELD).values(due_at=bindparam("now"))
_SETTLE = (
    update(_NOTIFICATIONS)
    .where(_IS_QUEUED, _IS_HELD | bindparam("went", type_=Boolean))
    .values(
        status=bindparam("to_status"),
        attempts=col(NotificationRow.attempts) + bindparam("tries"),
        last_error=bindparam("error"),
        due_at=bindparam("due"),
        sent_at=bindparam("sent"),
    )
)
_TEMPLATES = select_rows(TemplateRow).where(
    col(TemplateRow.event) == bindparam("of_event"), col(TemplateRow.locale).in_(bindparam("among", expanding=True))
)
_PATIENTS = select_rows(PatientCopyRow).where(col(PatientCopyRow.id).in_(bindparam("ids", expanding=True)))
_LOCKED_PATIENT = select_rows(PatientCopyRow).where(col(PatientCopyRow.id) == bindparam("of_id")).with_for_update()
_APPOINTMENTS = select_rows(AppointmentCopyRow).where(col(AppointmentCopyRow.id).in_(bindparam("ids", expanding=True)))
_TO_REMIND = (
    select_rows(AppointmentCopyRow)
    .where(
        col(AppointmentCopyRow.status) == "ACCEPTED",
        col(AppointmentCopyRow.slot) > bindparam("now"),
        col(AppointmentCopyRow.slot) <= bindparam("until"),
        col(AppointmentCopyRow.since) <= col(AppointmentCopyRow.remind_at),
        col(AppointmentCopyRow.silent).is_(False),
        exists().where(col(PatientCopyRow.id) == col(AppointmentCopyRow.patient_id)),
        ~exists().where(
            col(ReminderRow.appointment_id) == col(AppointmentCopyRow.id),
            col(ReminderRow.slot) == col(AppointmentCopyRow.slot),
        ),
    )
    .order_by(col(AppointmentCopyRow.slot), col(AppointmentCopyRow.id))
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which notifications are looked for; None is any. `patient_id` narrows to what a patient may see."""

    recipient: str | None = None
    event: str | None = None
    status: tuple[str, ...] | None = None
    patient_id: str | None = None


async def all_templates(session: AsyncSession) -> Sequence[TemplateRow]:
    statement = select(TemplateRow).order_by(
        col(TemplateRow.event), col(TemplateRow.channel), col(TemplateRow.locale), col(TemplateRow.id)
    )
    return (await session.exec(statement)).all()


async def template_by_id(session: AsyncSession, id: str, *, locked: bool = False) -> TemplateRow | None:
    return await session.get(TemplateRow, id, with_for_update=locked)


async def templates_for(
    session: AsyncSession, event: str, locales: Sequence[str]
) -> dict[tuple[str, str], TemplateRow]:
    """By channel and locale."""
    rows = await read_rows(session, TemplateRow, _TEMPLATES, {"of_event": event, "among": list(locales)})
    return {(row.channel, row.locale): row for row in rows}


def add_template(session: AsyncSession, row: TemplateRow) -> None:
    session.add(row)
    add_version(session, row, None)


def add_version(session: AsyncSession, row: TemplateRow, written_by: str | None) -> None:
    add_row(
        session,
        TemplateVersionRow,
        template_id=row.id,
        version=row.version,
        subject=row.subject,
        body=row.body,
        written_at=row.updated_at,
        written_by=written_by,
    )


async def patients(session: AsyncSession, ids: Collection[str]) -> dict[str, PatientCopyRow]:
    rows = await read_rows(session, PatientCopyRow, _PATIENTS, {"ids": sorted(ids)}) if ids else ()
    return {row.id: row for row in rows}


async def appointments(session: AsyncSession, ids: Collection[str]) -> dict[str, AppointmentCopyRow]:
    rows = await read_rows(session, AppointmentCopyRow, _APPOINTMENTS, {"ids": sorted(ids)}) if ids else ()
    return {row.id: row for row in rows}


async def locked_patient(session: AsyncSession, id: str) -> PatientCopyRow | None:
    """As it is now: who writes it at this moment is waited for."""
    return next(iter(await read_rows(session, PatientCopyRow, _LOCKED_PATIENT, {"of_id": id})), None)


async def add_waiting(session: AsyncSession, event_id: str, patient_id: str, body: str) -> None:
    row = {"event_id": event_id, "patient_id": patient_id, "body": body}
    await run(session, insert(table_of(WaitingFactRow)), row)


async def take_waiting(session: AsyncSession, patient_id: str) -> Sequence[str]:
    """What has waited for that patient, oldest first; it waits no more. Who adds to it at this moment is waited for."""
    waiting = select(WaitingFactRow.event_id, WaitingFactRow.body).where(WaitingFactRow.patient_id == patient_id)
    found = (await session.exec(waiting.order_by(col(WaitingFactRow.event_id)).with_for_update())).all()
    if found:
        await drop_waiting(session, [event_id for event_id, _ in found])
    return [body for _, body in found]


async def drop_waiting(session: AsyncSession, event_ids: Collection[str]) -> None:
    await session.exec(delete(WaitingFactRow).where(col(WaitingFactRow.event_id).in_(event_ids)))


async def to_remind(session: AsyncSession, now: datetime, until: datetime, most: int) -> Sequence[AppointmentCopyRow]:
    return await read_rows(session, AppointmentCopyRow, _TO_REMIND, {"now": now, "until": until, "most": most})


async def is_any_due(session: AsyncSession, channel: Channel, now: datetime) -> bool:
    return bool(await read(session, _FIRST_DUE, {"of_channel": channel.value, "now": now}))


async def hold_due(
    session: AsyncSession, channel: Channel, now: datetime, until: datetime, most: int
) -> Sequence[NotificationRow]:
    """What is to be sent by now, in order, and what nobody else may take before `until`; others' are passed over."""
    rows = await read_rows(session, NotificationRow, _DUE, {"of_channel": channel.value, "now": now, "most": most})
    if rows:
        await run(session, _HOLD, {"ids": [row.id for row in rows], "until": until})
    return rows


async def give_back(session: AsyncSession, held: Sequence[tuple[str, datetime]], now: datetime) -> None:
    """Those that are held until then, as who took them has it, may be taken by others from now on."""
    given = [{"of_id": id, "held_until": until, "now": now} for id, until in held]
    await run(session, _GIVE_BACK, given)


async def settle(session: AsyncSession, outcomes: Sequence[dict[str, Any]]) -> None:
    """What went is SENT whoever holds it; all else is written down by who holds it still."""
    if outcomes:
        await run(session, _SETTLE, list(outcomes))


async def page(session: AsyncSession, wanted: Wanted, request: PageRequest) -> Page[NotificationRow]:
    statement = NEWEST_FIRST.page(_narrowed(select(NotificationRow), wanted), NotificationRow, request)
    return page_of((await session.exec(cast(SelectOfScalar[NotificationRow], statement))).all(), request)


async def count(session: AsyncSession, wanted: Wanted) -> int:
    return (await session.exec(_narrowed(select(func.count()).select_from(NotificationRow), wanted))).one()


def _narrowed(statement: SelectOfScalar[T], wanted: Wanted) -> SelectOfScalar[T]:
    row = NotificationRow
    if wanted.recipient is not None:
        statement = statement.where(col(row.recipient_key) == compared(wanted.recipient))
    if wanted.event is not None:
        statement = statement.where(col(row.event) == wanted.event)
    if wanted.status is not None:
        statement = statement.where(col(row.status).in_(wanted.status))
    if wanted.patient_id is not None:
        statement = statement.where(col(row.patient_id) == wanted.patient_id)
    return statement
