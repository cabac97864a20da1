"""Making what is told into notifications: one for each channel by which somebody is reached."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.correlation import current
from subgraphs.kernel.email_address import compared
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.rows import add_row
from subgraphs.notifications import repository, rules, templates
from subgraphs.notifications.defaults import default
from subgraphs.notifications.rules import KINDS, Channel, Status
from subgraphs.notifications.tables import NotificationRow, PatientCopyRow
from subgraphs.notifications.templates import Letter, Unfit

Bells = Mapping[Channel, asyncio.Event]
"""Rung when there is something new to be sent."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """Something that is to be told: what, of which event, with which values."""

    event_id: str
    event: str
    values: Mapping[str, str] = field(repr=False)
    patient_id: str | None = None
    appointment_id: str | None = None
    slot: datetime | None = None
    link_id: str | None = None


async def queue_for_patient(
    session: AsyncSession, base: Foundation, bells: Bells, told: Told, patient: PatientCopyRow
) -> None:
    """Nothing for the dead, and nothing where there is neither an address nor a mobile number."""
    if patient.deceased_at is not None:
        return
    mobile = rules.mobile(patient.phone, base.settings.phone_region)
    addresses = {Channel.EMAIL: patient.email, Channel.SMS: mobile}
    await queue(session, base, bells, told, addresses)


async def queue(
    session: AsyncSession, base: Foundation, bells: Bells, told: Told, addresses: Mapping[Channel, str | None]
) -> None:
    reached = {channel: address for channel in KINDS[told.event].channels if (address := addresses.get(channel))}
    if not reached:
        return
    texts = await _texts(session, base, told.event)
    for channel, address in reached.items():
        _add(session, base, told, channel, address, texts[channel])
        bells[channel].set()


async def _texts(session: AsyncSession, base: Foundation, event: str) -> dict[Channel, Letter]:
    locales = rules.locales(base.settings.locale)
    rows = await repository.templates_for(session, event, locales)
    texts: dict[Channel, Letter] = {}
    for channel in KINDS[event].channels:
        row = next((rows[channel, locale] for locale in locales if (channel, locale) in rows), None)
        texts[channel] = default(event, channel, locales[0]) if row is None else Letter(row.subject, row.body)
    return texts


def _add(session: AsyncSession, base: Foundation, told: Told, channel: Channel, address: str, text: Letter) -> None:
    now, status, error = base.clock.now(), Status.QUEUED, None
    try:
        letter = templates.render(channel, text.subject, text.body, told.values)
    except Unfit as unfit:
        log.error("notifications.template_unfit", notified=told.event, channel=channel.value)
        letter, status, error = Letter(None, ""), Status.FAILED, str(unfit)
    add_row(
        session,
        NotificationRow,
        id=new_id(),
        event_id=told.event_id,
        event=told.event,
        channel=channel.value,
        recipient=address,
        recipient_key=compared(address),
        patient_id=told.patient_id,
        appointment_id=told.appointment_id,
        slot=told.slot,
        link_id=told.link_id,
        subject=letter.subject,
        body=letter.body,
        status=status.value,
        attempts=0,
        last_error=error,
        created_at=now,
        due_at=now,
        sent_at=None,
        traceparent=current().traceparent,
    )
