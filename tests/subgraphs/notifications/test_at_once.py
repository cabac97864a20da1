"""Several processes of each worker over one database: nothing is lost, and nothing comes twice."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from subgraphs.appointments.events import AppointmentAccepted, AppointmentBooked
from subgraphs.kernel.ids import new_id
from subgraphs.notifications.app import build
from subgraphs.notifications.defaults import every
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.tables import ReminderRow, TemplateRow, WaitingFactRow
from subgraphs.patients.events import PatientRegistered
from tests.subgraphs.notifications.conftest import SLOT, visit

MAILS, PATIENTS, VISITS = 120, 30, 130


@pytest.fixture
def wards(ward, another_process):
    """Three processes of one domain."""
    others = (build(another_process(ward.domain.base), ward.links) for _ in range(2))
    return [ward, *(replace(ward, domain=domain) for domain in others)]


async def rows_of(ward, table):
    async with ward.domain.base.database.reading() as session:
        return (await session.exec(select(table))).all()


async def told_many(ward, count=MAILS):
    patient_id = await ward.patient(phone=None)
    await ward.hear(*(visit(AppointmentBooked, patient_id) for _ in range(count)))


async def test_each_message_is_taken_by_one_of_those_who_take_at_once(wards):
    await told_many(wards[0])
    taken = await asyncio.gather(*(ward.take(most=10) for ward in wards for _ in range(6)))
    ids = [mail.id for some in taken for mail in some]
    assert len(ids) > MAILS / 2
    assert max(Counter(ids).values()) == 1
    assert all([mail.id for mail in some] == sorted(mail.id for mail in some) for some in taken)


async def test_they_finish_what_one_of_them_took_and_died_with(wards):
    await told_many(wards[0])
    dead = await wards[0].take(most=50)
    sent: list[str] = []

    async def work(ward) -> None:
        while mails := await ward.take(most=10):
            sent.extend(mail.id for mail in mails)
            await ward.settle(*mails)

    await asyncio.gather(*map(work, wards))
    assert set(sent).isdisjoint(mail.id for mail in dead)
    wards[0].clock.at = dead[0].held_until
    await asyncio.gather(*map(work, wards))
    assert len(sent) == len(set(sent)) == MAILS
    assert {row["status"] for row in await wards[0].all()} == {"SENT"}


async def test_an_event_and_its_patient_that_come_at_once_do_not_miss_each_other(wards):
    ids = [new_id() for _ in range(PATIENTS)]
    for id in ids:
        await asyncio.gather(
            wards[0].hear(visit(AppointmentBooked, id)),
            wards[1].patient(id, phone=None),
            wards[2].hear(visit(AppointmentAccepted, id)),
        )
    assert await rows_of(wards[0], WaitingFactRow) == []
    told = Counter(event for event, _, _ in await wards[0].told())
    assert told == {"appointment.booked": PATIENTS, "appointment.accepted": PATIENTS}


@pytest.mark.parametrize("first", ["event", "patient"])
async def test_whichever_is_not_committed_yet_is_waited_for(wards, first):
    """The first has looked for the other and not found it, when the other begins."""
    id, looked, go_on = new_id(), asyncio.Event(), asyncio.Event()
    known = PatientRegistered(patient_id=id, version=1, name="Huzaifa", email="huzaifa@example.com", phone=None)
    messages = {"event": wards[0].message(visit(AppointmentBooked, id)), "patient": wards[0].message(known)}
    early = messages.pop(first)
    [late] = messages.values()

    async def work(session) -> None:
        await wards[0].domain.subscribers[0].apply(session, [early])
        await session.flush()
        looked.set()
        await go_on.wait()

    earlier = asyncio.create_task(wards[0].domain.base.database.transaction(work))
    await looked.wait()
    later = asyncio.create_task(wards[1].hear(late))
    await asyncio.sleep(0.3)
    go_on.set()
    await asyncio.gather(earlier, later)
    assert await rows_of(wards[0], WaitingFactRow) == []
    assert [event for event, _, _ in await wards[0].told()] == ["appointment.booked"]


async def test_timers_that_remind_at_once_remind_once(wards):
    patient_id = await wards[0].patient(phone=None)
    await wards[0].hear(*(visit(AppointmentAccepted, patient_id, status="ACCEPTED") for _ in range(VISITS)))
    wards[0].clock.at = SLOT - timedelta(days=1)
    assert sum(await asyncio.gather(*(ward.service.remind() for ward in wards))) == VISITS
    assert len(await rows_of(wards[0], ReminderRow)) == VISITS
    reminders = await wards[0].service.take(Channel.EMAIL, 1000, timedelta(0))
    assert sum(mail.subject.startswith("Reminder") for mail in reminders) == VISITS


async def test_the_templates_are_written_once_by_those_who_start_at_once(make_base, another_process, links):
    first = await make_base("notifications")
    services = [build(base, links).service for base in (first, another_process(first), another_process(first))]
    await asyncio.gather(*(service.write_defaults() for service in services))
    async with first.database.reading() as session:
        rows = (await session.exec(select(TemplateRow))).all()
    assert len(rows) == len(list(every()))
