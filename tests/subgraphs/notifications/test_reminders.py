"""Reminders: a day before, once, of what is still to be."""

import asyncio
from datetime import timedelta

import pytest

from subgraphs.appointments.events import (
    AppointmentAccepted,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentRescheduled,
)
from subgraphs.notifications.rules import Channel
from tests.subgraphs.notifications.conftest import SLOT, visit

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
async def accepted(ward):
    """An accepted appointment at SLOT, whose acceptance was mailed."""
    return await accept(ward, await ward.patient(phone=None))


async def accept(ward, patient_id, **fields):
    event = visit(AppointmentAccepted, patient_id, status="ACCEPTED", **fields)
    await ward.hear(event)
    await ward.settle(*await ward.take())
    return event


async def later(ward, kind, event, **fields):
    await ward.hear(kind(**event.model_dump() | {"version": event.version + 1} | fields))


async def reminders(ward):
    return [row for row in await ward.all() if row["event"] == "appointment.reminder"]


async def test_it_goes_out_a_day_before_and_once(ward, accepted):
    ward.clock.at = SLOT - DAY - SECOND
    assert await ward.service.remind() == 0
    ward.clock.move(SECOND)
    assert await ward.service.remind() == 1
    assert await ward.service.remind() == 0
    [mail] = await reminders(ward)
    assert (mail["status"], mail["recipient"]) == ("QUEUED", "huzaifa@example.com")
    assert "2026-03-05 at 11:30" in mail["body"]
    assert [message.id for message in await ward.take()] == [mail["id"]]


async def test_of_many_timers_at_once_one_reminds(ward, accepted):
    ward.clock.at = SLOT - DAY
    assert sum(await asyncio.gather(*(ward.service.remind() for _ in range(5)))) == 1
    assert len(await reminders(ward)) == 1


async def test_after_a_pause_it_is_caught_up_but_not_when_the_time_has_come(ward, accepted):
    other = await accept(ward, accepted.patient_id, slot=SLOT + DAY)
    ward.clock.at = SLOT
    assert await ward.service.remind() == 1
    [mail] = await reminders(ward)
    assert f"{other.slot:%Y-%m-%d}" in mail["body"]


async def test_there_is_none_of_what_is_not_accepted(ward, accepted):
    await ward.hear(visit(AppointmentBooked, accepted.patient_id))
    await later(ward, AppointmentCheckedIn, accepted, status="CHECKED_IN")
    ward.clock.at = SLOT - DAY
    assert await ward.service.remind() == 0


async def test_whoever_was_accepted_within_the_day_is_not_reminded_on_top(ward):
    ward.clock.at = SLOT - DAY + SECOND
    await accept(ward, await ward.patient())
    assert await ward.service.remind() == 0


async def test_there_is_none_of_imported_ones(ward):
    await accept(ward, await ward.patient(), imported=True)
    ward.clock.at = SLOT - DAY
    assert await ward.service.remind() == 0


async def test_one_that_was_queued_is_not_sent_when_the_appointment_was_cancelled_since(ward, accepted):
    ward.clock.at = SLOT - DAY
    await ward.service.remind()
    await later(ward, AppointmentCancelled, accepted, status="CANCELLED")
    assert [message.subject for message in await ward.take()] == ["Appointment cancelled for 2026-03-05"]
    [mail] = await reminders(ward)
    assert (mail["status"], mail["attempts"], bool(mail["lastError"])) == ("SKIPPED", 0, True)


async def test_a_moved_one_is_reminded_for_its_new_time_alone(ward, accepted):
    ward.clock.at = SLOT - DAY
    await ward.service.remind()
    moved = {"slot": SLOT + 2 * DAY, "previous_slot": SLOT}
    await later(ward, AppointmentRescheduled, accepted, **moved)
    await ward.settle(*await ward.take())
    ward.clock.at = SLOT + DAY
    assert await ward.service.remind() == 1
    assert [message.subject for message in await ward.take()] == ["Reminder: appointment on 2026-03-07"]
    assert [row["status"] for row in await reminders(ward)] == ["QUEUED", "SKIPPED"]


async def test_one_that_waited_past_the_appointment_is_not_sent(ward, accepted):
    ward.clock.at = SLOT - DAY
    await ward.service.remind()
    ward.clock.at = SLOT
    assert await ward.take(Channel.EMAIL) == []


async def test_the_dead_are_not_reminded(ward, accepted):
    await ward.patient(accepted.patient_id, version=2, deceased_at=ward.clock.now())
    ward.clock.at = SLOT - DAY
    await ward.service.remind()
    assert await reminders(ward) == []
