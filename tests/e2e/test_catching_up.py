"""Each worker stands still for an hour in which the hospital goes on, and catches up in order when it is back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hospital import delivery
from hospital import runtime as hospital_runtime
from hospital.delivery import Delivery
from hospital.folder import DataFolder
from hospital.runtime import keeping_time, open_runtime
from subgraphs.kernel.settings import Settings
from subgraphs.notifications.rules import Channel
from tests.e2e.books import Books
from tests.e2e.hiring import ADMIN, made, signed_in
from tests.e2e.hospital import DAYS, ISSUER, PASSWORD, Gate, MovableClock, hash_cheaply, visited
from tests.e2e.tellings import check_mailbox, check_trail

ACCEPT = "mutation ($id: ID!) { acceptAppointment(input: {id: $id}) { appointment { id } } }"
VISITS = 6
AFTER_EACH = timedelta(minutes=10)
CLERK, DOCTOR = "clerk@hospital.test", "doctor@example.com"
ALWAYS = [{"day": day, "startTime": "00:00", "endTime": "23:30"} for day in DAYS]


@dataclass
class House:
    """One hospital that is opened twice: `hour` is lived in between, with somebody missing."""

    books: Books
    clock: MovableClock

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Gate]:
        folder = DataFolder(self.books.folder)
        settings = Settings(data=folder.path, public_url=ISSUER, time_zone="UTC")
        with folder.opened():
            async with open_runtime(folder, settings, self.clock) as runtime:
                hash_cheaply(runtime)
                if not self.books.ids("accounts", "accounts"):
                    await runtime.domains.accounts.service.create_admin(ADMIN, PASSWORD)
                async with keeping_time(runtime), visited(runtime) as gate:
                    yield gate

    async def caught_up(self) -> None:
        await until(lambda: not self.books.waits())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  (it looks into files)
            await asyncio.sleep(0.05)


@pytest.fixture
def house(new_folder: Callable[[], Path]) -> House:
    return House(Books(new_folder()), MovableClock())


async def hire(gate: Gate, after: timedelta) -> tuple[str, str, list[str]]:
    """The admin's header, the doctor's id, and the slots from then on."""
    admin = await signed_in(gate, ADMIN)
    await made(gate, admin, "createStaffAccount", "account", email=CLERK, password=PASSWORD, role="BILLING_CLERK")
    department = await made(gate, admin, "createDepartment", "department", name="Medicine")
    given = {"name": "Dr. Khan", "specialty": "Cardiology", "departmentId": department, "timeZone": "UTC"}
    given |= {"email": DOCTOR, "password": PASSWORD, "availability": ALWAYS}
    doctor = await made(gate, admin, "registerDoctor", "doctor", **given)
    return admin, doctor, await slots(gate, doctor, MovableClock().now() + after)


async def slots(gate: Gate, doctor: str, earliest: datetime) -> list[str]:
    document = "query ($id: ID!, $a: Date!, $b: Date!) { doctor(id: $id) { openSlots(from: $a, to: $b) { start } } }"
    days = {"a": str(earliest.date()), "b": str((earliest + timedelta(days=1)).date())}
    found = (await gate.data(document, id=doctor, **days))["doctor"]["openSlots"]
    return [slot["start"] for slot in found if datetime.fromisoformat(slot["start"]) > earliest]


async def hour(gate: Gate, clock: MovableClock, after: timedelta = timedelta(days=2)) -> tuple[list[str], str]:
    """Visits that are booked and accepted one after another, each of a new patient: their ids, and the clerk's header.

    People sign in before it: a token of the time to come is none yet.
    """
    admin, doctor, free = await hire(gate, after)
    accepting, clerk = await signed_in(gate, DOCTOR), await signed_in(gate, CLERK)
    visits: list[str] = []
    for number in range(VISITS):
        contact = {"email": f"p{number}@example.com", "phone": f"+9198765432{number:02}"}
        patient = await made(gate, admin, "registerPatient", "patient", name="Huzaifa", dob="1990-01-01", **contact)
        wanted = {"doctorId": doctor, "patientId": patient, "slot": free[number]}
        visits.append(await made(gate, admin, "bookAppointment", "appointment", **wanted))
        await gate.data(ACCEPT, accepting, id=visits[-1])
        clock.ahead += AFTER_EACH
    return visits, clerk


def without_consumer(patch: pytest.MonkeyPatch, name: str) -> None:
    """Nor is anything handed over to it."""
    consumers = Delivery.consumers

    def others(whole: Delivery) -> Any:
        kept = tuple(source for source in whole.sources if source.subscriber.consumer != name)
        return consumers(replace(whole, sources=kept))

    patch.setattr(Delivery, "consumers", others)
    told = delivery.hearers
    patch.setattr(delivery, "hearers", lambda owner: {type: _but(name, by) for type, by in told(owner).items()})


def _but(consumer: str, domains: Sequence[str]) -> list[str]:
    return [domain for domain in domains if f"{domain}.copies" != consumer]


def without(patch: pytest.MonkeyPatch, making: str, kept: Callable[[Any], bool]) -> None:
    """Of the jobs or senders that a hospital makes, those alone."""
    everything = getattr(hospital_runtime, making)
    patch.setattr(hospital_runtime, making, lambda *given: [one for one in everything(*given) if kept(one)])


def addressees(books: Books, channel: Channel) -> list[str]:
    """In the order of their arrival in the mailbox."""
    wanted = "LIKE '+%'" if channel is Channel.SMS else "NOT LIKE '+%'"
    return [row["to"] for row in books.rows("mailbox", f'SELECT "to" FROM mails WHERE "to" {wanted} ORDER BY rowid')]  # noqa: S608


def in_pairs(addresses: Sequence[str]) -> list[str]:
    return [address for address in addresses for _ in ("booked", "accepted")]


MAILS = in_pairs([f"p{number}@example.com" for number in range(VISITS)])
TEXTS = in_pairs([f"+9198765432{number:02}" for number in range(VISITS)])


async def test_the_audit_trail_catches_up(house: House, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        without_consumer(patch, "audit.trail")
        async with house.opened() as gate:
            await hour(gate, house.clock)
            await until(lambda: addressees(house.books, Channel.SMS) == TEXTS)
    assert house.books.rows("audit", "SELECT * FROM audit_events") == []
    async with house.opened():
        await house.caught_up()
    check_trail(house.books)
    trail = house.books.rows("audit", "SELECT * FROM audit_events ORDER BY sequence")
    for domain in ("patients", "appointments"):
        announced = [event["id"] for event in house.books.events() if event["domain"] == domain]
        assert [event["id"] for event in trail if event["id"] in announced] == announced
    booked = [event for event in trail if event["type"] == "appointment.booked"]
    assert booked[0]["recorded_at"] > booked[-1]["occurred_at"]


async def test_what_is_to_be_told_catches_up(house: House, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        without_consumer(patch, "notifications.queue")
        async with house.opened() as gate:
            await hour(gate, house.clock)
            await house.caught_up()
    assert house.books.rows("mailbox", "SELECT * FROM mails") == []
    async with house.opened():
        await until(lambda: len(addressees(house.books, Channel.SMS)) == len(TEXTS))
        await house.caught_up()
    assert (addressees(house.books, Channel.EMAIL), addressees(house.books, Channel.SMS)) == (MAILS, TEXTS)
    check_mailbox(house.books)


@pytest.mark.parametrize("stopped", list(Channel))
async def test_a_sender_catches_up_and_the_other_is_not_held_up(
    house: House, monkeypatch: pytest.MonkeyPatch, stopped: Channel
):
    wanted = {Channel.EMAIL: MAILS, Channel.SMS: TEXTS}
    [other] = set(Channel) - {stopped}
    with monkeypatch.context() as patch:
        without(patch, "senders", lambda sender: sender._channel is other)
        async with house.opened() as gate:
            await hour(gate, house.clock)
            await until(lambda: addressees(house.books, other) == wanted[other])
    assert addressees(house.books, stopped) == []
    async with house.opened():
        await house.caught_up()
    assert addressees(house.books, stopped) == wanted[stopped]
    check_mailbox(house.books)


async def test_the_copies_of_another_domain_catch_up(house: House, monkeypatch: pytest.MonkeyPatch):
    """Billing heard of nobody; the appointments went on, and each can be billed afterwards."""
    known = "SELECT id, version, patient_id, doctor_id, consultation_fee, status FROM {} ORDER BY id"
    with monkeypatch.context() as patch:
        without_consumer(patch, "billing.copies")
        async with house.opened() as gate:
            visits, clerk = await hour(gate, house.clock)
            await house.caught_up()
    assert house.books.rows("billing", known.format("appointment_copies")) == []
    async with house.opened() as gate:
        for id in visits:
            await made(gate, clerk, "createBill", "bill", appointmentId=id, drugsAmount="1")
    copies = house.books.rows("billing", known.format("appointment_copies"))
    assert copies == house.books.rows("appointments", known.format("appointments"))
    assert len(copies) == VISITS


async def test_the_timers_catch_up(house: House, monkeypatch: pytest.MonkeyPatch):
    """Payments are asked about, and patients reminded, who should have been in the hour."""
    with monkeypatch.context() as patch:
        without(patch, "jobs", lambda job: False)
        async with house.opened() as gate:
            visits, clerk = await hour(gate, house.clock, after=timedelta(hours=24, minutes=5))
            await pay_late(gate, clerk, visits)
            house.clock.ahead += timedelta(hours=1)
            await until(lambda: house.books.waits() == ["payments"])
    reminded = "SELECT \"to\" FROM mails WHERE subject LIKE 'Reminder%' ORDER BY rowid"
    assert house.books.rows("mailbox", reminded) == []
    async with house.opened():
        await until(lambda: house.books.count("notifications", "SELECT count(*) FROM reminders") > 0)
        await house.caught_up()
    paid = house.books.rows("billing", "SELECT status FROM payments")
    assert [payment["status"] for payment in paid] == ["SUCCESS"] * VISITS
    mails = [row["to"] for row in house.books.rows("mailbox", reminded)]
    assert mails == [f"p{number}@example.com" for number in range(due(house))]


async def pay_late(gate: Gate, clerk: str, visits: Sequence[str]) -> None:
    for id in visits:
        bill = await made(gate, clerk, "createBill", "bill", appointmentId=id, drugsAmount="1")
        late = {"method": "CARD", "paymentMethodToken": "late", "idempotencyKey": bill}
        await made(gate, clerk, "payBill", "payment", billId=bill, **late)


def due(house: House) -> int:
    """How many visits are less than a day away by now: some, and not all."""
    away = [
        datetime.fromisoformat(row["slot"]).replace(tzinfo=UTC) - house.clock.now()
        for row in house.books.rows("appointments", "SELECT slot FROM appointments")
    ]
    found = sum(left < timedelta(days=1) for left in away)
    assert 0 < found < VISITS
    return found
