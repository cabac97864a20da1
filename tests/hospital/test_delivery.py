"""Events in one process: known at once to who decides by them, and to everybody in the end."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlmodel import func, select

from hospital import delivery as hospital_delivery
from hospital.deciding import HANDED_OVER_AT_MOST
from hospital.delivery import Delivery, _receivers
from hospital.runtime import Runtime
from subgraphs.accounts.tables import SubjectRow
from subgraphs.appointments.events import EVENTS, AppointmentAccepted, AppointmentBooked
from subgraphs.appointments.tables import PatientCopyRow
from subgraphs.audit.tables import AuditEventRow
from subgraphs.doctors.service.importing import ImportedDepartment
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.ids import new_id
from subgraphs.patients.service.importing import ImportedPatient
from workers.consumer import Consumer
from workers.contract import CONTRACT
from workers.outbox_source import OutboxSource


def patients(count: int) -> list[ImportedPatient]:
    return [ImportedPatient(f"test:{number}", f"Patient {number}", date(1990, 1, 1)) for number in range(count)]


async def rows(database: Database, table: type) -> int:
    async with database.reading() as session:
        return (await session.exec(select(func.count()).select_from(table))).one()


async def test_a_copy_has_it_when_the_use_case_returns(runtime: Runtime):
    domains = runtime.domains
    await domains.patients.service.import_patients(patients(1))
    assert await rows(domains.appointments.base.database, PatientCopyRow) == 1
    assert await rows(domains.accounts.base.database, SubjectRow) == 1


async def test_everybody_has_all_of_it_when_it_has_settled(runtime: Runtime):
    domains, many = runtime.domains, HANDED_OVER_AT_MOST * 10
    await domains.patients.service.import_patients(patients(many))
    await runtime.delivery.settled()
    assert await rows(domains.appointments.base.database, PatientCopyRow) == many
    assert await rows(domains.audit.base.database, AuditEventRow) == many


async def test_it_has_settled_soon_though_consumers_passed_over_what_they_were_handed(runtime: Runtime):
    await runtime.domains.patients.service.import_patients(patients(1))
    async with asyncio.timeout(5):
        await runtime.delivery.settled()


async def test_a_copy_may_lag_where_that_was_asked_for_and_no_longer(runtime: Runtime):
    domains = runtime.domains
    with runtime.delivery.without_handover():
        await domains.patients.service.import_patients(patients(1))
        await runtime.delivery.settled()
    await domains.patients.service.import_patients(patients(2))
    assert await rows(domains.appointments.base.database, PatientCopyRow) == 2


async def test_who_catches_up_knows_what_was_announced_before(runtime: Runtime):
    domains = runtime.domains
    with runtime.delivery.without_handover():
        await domains.patients.service.import_patients(patients(3))
        await domains.appointments.base.arrivals.catch_up([new_id()])
        assert await rows(domains.appointments.base.database, PatientCopyRow) == 3


@pytest.fixture
def unread(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Delivery]:
    """A delivery whose consumers do not run; it is waited for a second at most."""
    monkeypatch.setattr(hospital_delivery, "_AWAITED_AT_MOST_SECONDS", 1.0)
    delivery = Delivery.of(runtime.domains)
    with delivery.without_handover():
        yield delivery


async def seconds_to_catch_up(runtime: Runtime) -> float:
    started = time.monotonic()
    await runtime.domains.appointments.base.arrivals.catch_up([new_id()])
    return time.monotonic() - started


async def test_what_does_not_come_is_waited_for_once(runtime: Runtime, unread: Delivery):
    await runtime.domains.patients.service.import_patients(patients(1))
    await runtime.domains.doctors.service.import_departments([ImportedDepartment("test:1", "Medicine")])
    assert await seconds_to_catch_up(runtime) >= 1.0
    assert await seconds_to_catch_up(runtime) < 1.0


async def test_it_costs_nobody_what_comes_from_elsewhere(runtime: Runtime, unread: Delivery):
    domains = runtime.domains
    [stuck, moving] = [source_of(unread, "appointments.copies", of) for of in ("patients", "doctors")]
    await domains.patients.service.import_patients(patients(1))
    await seconds_to_catch_up(runtime)
    await domains.doctors.service.import_departments([ImportedDepartment("test:1", "Medicine")])
    consumer = Consumer(moving.subscriber, moving, CONTRACT)
    task = asyncio.create_task(consumer.run())
    assert await seconds_to_catch_up(runtime) < 1.0
    assert (await stuck.position(), await moving.position()) == (0, 1)
    consumer.stop()
    await task


def source_of(delivery: Delivery, consumer: str, domain: str) -> OutboxSource:
    wanted = (consumer, topic_of(domain))
    return next(each for each in delivery.sources if (each.subscriber.consumer, each.topic) == wanted)


async def test_every_topic_that_somebody_subscribes_to_and_lives_here_has_a_consumer(runtime: Runtime):
    delivery = Delivery.of(runtime.domains)
    topics = {feed.topic for feed in delivery.feeds}
    wanted = sum(len(topics.intersection(subscriber.topics)) for subscriber in delivery.subscribers)
    assert len(delivery.consumers()) == wanted >= 10


async def test_the_audit_trail_is_signed_and_holds(runtime: Runtime):
    await runtime.domains.patients.service.import_patients(patients(3))
    await runtime.delivery.settled()
    head = await runtime.domains.audit.service.sign_head()
    assert head is not None
    assert head.mark.sequence == 3
    assert (await runtime.domains.audit.service.verify_all()).intact
    assert runtime.folder.audit_heads.stat().st_mode & 0o777 == 0o600
    assert runtime.clock.now() > datetime(2026, 1, 1, tzinfo=UTC)


async def test_billing_and_records_alone_need_not_have_a_booking_at_once(runtime: Runtime):
    delivery = runtime.delivery
    [appointments] = [base for base in runtime.domains.bases if base.name == "appointments"]
    receivers = _receivers(appointments, delivery.subscribers)
    for consumer in ("billing.copies", "records.copies"):
        waiting = next(each.receive for each in delivery.subscribers if each.consumer == consumer)
        assert [event.type for event in EVENTS if waiting not in receivers[event.type]] == [AppointmentBooked.type]
    assert len(receivers[AppointmentBooked.type]) == len(receivers[AppointmentAccepted.type]) - 2
