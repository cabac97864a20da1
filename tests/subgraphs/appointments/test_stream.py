"""The stream of status changes: nothing missed, nothing repeated, nothing told that may not be seen."""

import asyncio
import time
from contextlib import aclosing
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from subgraphs.appointments import changes, stream
from subgraphs.appointments.app import build
from subgraphs.appointments.tables import ChangeRow
from subgraphs.kernel.database import Database
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from tests.subgraphs.appointments.conftest import House, codes

WATCH = """
subscription ($doctorId: ID, $patientId: ID, $departmentId: ID, $after: String) {
  change: appointmentStatusChanged(
    doctorId: $doctorId, patientId: $patientId, departmentId: $departmentId, after: $after
  ) {
    cursor previousStatus status changedAt
    appointment { id status notes patientEmail patient { id } history { to } }
  }
}
"""
SLOTS = [f"2026-03-{day:02}T{hour:02}:{minute:02}:00Z" for day in (3, 4) for hour in range(9, 17) for minute in (0, 30)]
POLLED = ("SELECT change_counter.", "SELECT broken_glass.")  # every 100 ms, whoever listens


class Listener:
    """A subscription that is read one event at a time."""

    def __init__(self, house: House, bearer: str | None, **variables) -> None:
        headers = {"authorization": bearer} if bearer else {}
        self.events = house.domain.subgraph.subscribe(WATCH, variables, None, headers)

    async def next(self, seconds: float = 3.0) -> dict:
        answer = await self.next_answer(seconds)
        assert "errors" not in answer, answer
        return answer["data"]["change"]

    async def next_answer(self, seconds: float = 3.0) -> dict:
        async with asyncio.timeout(seconds):
            return await anext(self.events)

    async def hears_nothing(self) -> bool:
        """Whether no event comes for longer than the poller needs; the subscription is over after that."""
        try:
            await self.next_answer(0.25)
        except TimeoutError:
            return True
        return False

    async def cut(self) -> None:
        await self.events.aclose()


async def listening(house: House, bearer: str | None, **variables) -> tuple[Listener, asyncio.Task]:
    """A listener that stands by already."""
    listener, stream = Listener(house, bearer, **variables), house.domain.stream
    before, first = stream._listeners, asyncio.create_task(listener.next())
    while not first.done() and (stream._listeners == before or not stream._ready.is_set()):  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    return listener, first


@pytest.fixture
async def cursor(house):
    async def take() -> str:
        return (await house.ask("{ appointmentChangesCursor }", house.as_desk))["appointmentChangesCursor"]

    return take


async def test_a_booking_and_what_becomes_of_it_is_told_as_it_happens(house):
    doctor, patient = await house.doctor(), await house.patient()
    listener, first = await listening(house, house.as_patient(patient))
    made = await house.booked(doctor, patient, SLOTS[0], notes="mine")
    booked = await first
    assert (booked["previousStatus"], booked["status"], booked["changedAt"]) == (
        None,
        "PENDING",
        "2026-03-02T06:00:00Z",
    )
    assert booked["appointment"] == {
        "id": made["id"],
        "status": "PENDING",
        "notes": "mine",
        "patientEmail": "h@example.com",
        "patient": {"id": patient},
        "history": [{"to": "PENDING"}],
    }
    await house.do("acceptAppointment", house.as_doctor(doctor), id=made["id"])
    accepted = await listener.next()
    assert (accepted["previousStatus"], accepted["status"]) == ("PENDING", "ACCEPTED")
    assert len(accepted["appointment"]["history"]) == 2
    await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot=SLOTS[1])
    moved = await listener.next()
    assert (moved["previousStatus"], moved["status"]) == ("ACCEPTED", "ACCEPTED")
    await listener.cut()


async def test_without_a_cursor_it_goes_on_from_now(house):
    doctor, patient = await house.doctor(), await house.patient()
    await house.booked(doctor, patient, SLOTS[0])
    listener, first = await listening(house, house.as_desk)
    later = await house.booked(doctor, patient, SLOTS[1])
    assert (await first)["appointment"]["id"] == later["id"]
    await listener.cut()


async def test_nothing_falls_between_a_cursor_and_a_list(house, cursor):
    doctor, patient = await house.doctor(), await house.patient()
    at_the_start = await cursor()
    await house.booked(doctor, patient, SLOTS[0])
    taken = await cursor()
    later = await house.booked(doctor, patient, SLOTS[1])
    async with aclosing(Listener(house, house.as_desk, after=taken).events) as events:
        assert (await anext(events))["data"]["change"]["appointment"]["id"] == later["id"]
    listener = Listener(house, house.as_desk, after=at_the_start)
    assert [(await listener.next())["status"] for _ in range(2)] == ["PENDING", "PENDING"]
    await listener.cut()


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 4), max_size=6), tiny=st.booleans())
async def test_however_often_it_is_cut_each_change_comes_once_and_in_order(house, cursor, cuts, tiny):
    """People book all the while; the listener is cut after so many changes and goes on from its last cursor."""
    kept, stream.KEPT = stream.KEPT, 2 if tiny else stream.KEPT
    after, heard, doctor, total = await cursor(), [], await house.doctor(), 12

    async def book() -> list[str]:
        return [(await house.booked(doctor, await house.patient(), slot))["id"] for slot in SLOTS[:total]]

    async def hear(count: int) -> None:
        nonlocal after
        listener = Listener(house, house.as_desk, after=after)
        for _ in range(min(count, total - len(heard))):
            change = await listener.next()
            after = change["cursor"]
            heard.append(change["appointment"]["id"])
        await listener.cut()

    async def hear_all() -> None:
        for cut in (*cuts, total):
            await hear(cut)

    async with asyncio.timeout(60):
        booked, _ = await asyncio.gather(book(), hear_all())
    stream.KEPT = kept
    assert heard == booked
    assert await Listener(house, house.as_desk, after=after).hears_nothing()


async def test_the_log_has_the_order_of_commits_without_gaps(house):
    """Many at once, half of them refused: what was rolled back leaves no hole."""
    doctor, patients = await house.doctor(), [await house.patient() for _ in range(10)]
    payloads = await asyncio.gather(*(house.book(doctor, patient, slot) for patient in patients for slot in SLOTS[:4]))
    assert sum(codes(payload) == [] for payload in payloads) == 4
    async with house.domain.base.database.reading() as session:
        rows = (await session.exec(select(ChangeRow).order_by(ChangeRow.sequence))).all()
    assert [row.sequence for row in rows] == [1, 2, 3, 4]


async def test_access_is_decided_for_each_change_and_each_viewer(house, cursor):
    """The colleague treats the patient when the first change is told, and does not when the last one is."""
    doctor, colleague, patient = await house.doctor(), await house.doctor(), await house.patient()
    start = await cursor()
    treated = await house.booked(colleague, patient, SLOTS[5])
    made = await house.booked(doctor, patient, SLOTS[0], notes="secret")
    viewers = {
        "patient": (house.as_patient(patient), 2),
        "doctor": (house.as_doctor(doctor), 2),
        "colleague": (house.as_doctor(colleague), 2),
        "desk": (house.as_desk, 2),
        "clerk": (house.as_role("BILLING_CLERK"), 2),
        "admin": (house.as_role("ADMIN"), 2),
        "stranger": (house.as_patient(new_id()), 0),
        "nobody's doctor": (house.as_doctor(new_id()), 0),
    }
    for viewer, (bearer, count) in viewers.items():
        listener = Listener(house, bearer, after=start)
        heard = [await listener.next() for _ in range(count)]
        assert [change["appointment"]["notes"] for change in heard][1:] == ["secret" if viewer != "clerk" else None][
            :count
        ]
        assert await listener.hears_nothing(), viewer
    after = await cursor()
    await house.do("rejectAppointment", house.as_doctor(colleague), id=treated["id"])
    await house.do("acceptAppointment", house.as_doctor(doctor), id=made["id"])
    listener = Listener(house, house.as_doctor(colleague), after=after)
    own = await listener.next()
    assert (own["status"], own["appointment"]["patient"], own["appointment"]["patientEmail"]) == (
        "REJECTED",
        None,
        None,
    )
    assert await listener.hears_nothing()


async def test_the_arguments_narrow_and_open_nothing(house, cursor):
    departments, start = [new_id(), new_id()], await cursor()
    doctors = [await house.doctor(department_id=department) for department in departments]
    patients = [await house.patient(), await house.patient()]
    made = [await house.booked(doctors[n], patients[n], SLOTS[0]) for n in range(2)]
    for narrowed in ({"doctorId": doctors[1]}, {"patientId": patients[1]}, {"departmentId": departments[1]}):
        listener = Listener(house, house.as_desk, after=start, **narrowed)
        assert (await listener.next())["appointment"]["id"] == made[1]["id"]
        assert await listener.hears_nothing()
    assert await Listener(house, house.as_patient(patients[0]), after=start, patientId=patients[1]).hears_nothing()


@pytest.mark.parametrize(("role", "code"), [(None, "UNAUTHENTICATED"), ("AUDITOR", "FORBIDDEN")])
async def test_it_is_not_for_everybody(house, role, code):
    listener = Listener(house, role and house.as_role(role))
    assert (await listener.next_answer())["errors"][0]["extensions"]["code"] == code
    await listener.cut()
    assert await house.announced() == (["access.denied"] if role else [])


@pytest.mark.parametrize("damaged", ["", "x", "AAAA", "é", "\ud800", "x" * 9999])
async def test_it_refuses_a_damaged_cursor(house, cursor, damaged):
    good = await cursor()
    for wrong in (damaged, good[:-1], good + damaged + "A"):
        answer = await Listener(house, house.as_desk, after=wrong).next_answer()
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_it_refuses_the_cursor_of_a_list_and_of_a_change_that_never_was(house):
    await house.booked(await house.doctor(), await house.patient(), SLOTS[0])
    listed = (await house.ask("{ appointments { pageInfo { endCursor } } }", house.as_desk))["appointments"]
    for wrong in (listed["pageInfo"]["endCursor"], changes.cursor(2), changes.cursor(-1)):
        answer = await Listener(house, house.as_desk, after=wrong).next_answer()
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_changes_are_kept_30_days_and_a_cursor_before_that_has_expired(house, cursor, clock):
    doctor, patient, start = await house.doctor(), await house.patient(), await cursor()
    made = await house.booked(doctor, patient, "2026-06-01T09:00:00Z")
    first = await cursor()
    clock.move(timedelta(days=29))
    assert await house.domain.service.prune_changes(clock.now()) == 0
    await house.do("acceptAppointment", house.as_doctor(doctor), id=made["id"])
    clock.move(timedelta(days=1, seconds=1))
    assert await house.domain.service.prune_changes(clock.now()) == 1
    answer = await Listener(house, house.as_desk, after=start).next_answer()
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "reason": "CURSOR_EXPIRED"}
    listener = Listener(house, house.as_desk, after=first)
    assert (await listener.next())["status"] == "ACCEPTED"
    await listener.cut()
    clock.move(timedelta(days=60))
    assert await house.domain.service.prune_changes(clock.now()) == 1
    assert await house.domain.service.prune_changes(clock.now()) == 0
    await house.booked(doctor, patient, "2026-06-02T09:00:00Z")
    listener = Listener(house, house.as_desk, after=changes.cursor(2))
    assert (await listener.next())["status"] == "PENDING"
    await listener.cut()


async def test_what_another_process_writes_is_told_within_a_quarter_of_a_second(house):
    base = house.domain.base
    database = Database(base.database.url.render_as_string(hide_password=False))
    elsewhere = build(Foundation.of(base.name, database, base.settings, base.clock, base.tokens))
    other = House(elsewhere, house.bearer, house.send)
    doctor, patient = await house.doctor(), await house.patient()
    listener, first = await listening(house, house.as_desk)
    await other.booked(doctor, patient, SLOTS[0])
    committed = time.perf_counter()
    await first
    assert time.perf_counter() - committed < 0.35
    await listener.cut()
    await database.close()


async def test_a_slow_listener_misses_nothing_and_sees_appointments_as_they_now_are(house, cursor, monkeypatch):
    """It falls behind what is kept, reads the log itself, and what it read is not told when it is stale."""
    monkeypatch.setattr(stream, "KEPT", 3)
    monkeypatch.setattr(stream, "FRESH_SECONDS", 0.05)
    doctor, patient, start = await house.doctor(), await house.patient(), await cursor()
    listener, first = await listening(house, house.as_desk, after=start)
    made = [(await house.booked(doctor, patient, slot))["id"] for slot in SLOTS[:10]]
    heard = [await first]
    await house.do("cancelAppointment", house.as_desk, id=made[5])
    heard += [await listener.next() for _ in range(4)]
    await house.do("cancelAppointment", house.as_desk, id=made[6])
    await asyncio.sleep(0.1)
    heard += [await listener.next() for _ in range(7)]
    assert [change["appointment"]["id"] for change in heard] == [*made, made[5], made[6]]
    assert [change["appointment"]["status"] for change in heard[5:7]] == ["CANCELLED", "CANCELLED"]
    assert [change["status"] for change in heard[5:7]] == ["PENDING", "PENDING"]
    assert len(house.domain.stream._recent) <= 3
    await listener.cut()


async def test_what_is_kept_is_told_as_it_now_is_and_to_who_now_sees_it(house):
    doctor, colleague, patient = await house.doctor(), await house.doctor(), await house.patient()
    desk, first = await listening(house, house.as_desk)
    listener, own = await listening(house, house.as_doctor(colleague))
    treated = await house.booked(colleague, patient, SLOTS[1])
    assert (await own)["appointment"]["id"] == (await first)["appointment"]["id"] == treated["id"]
    made = await house.booked(doctor, patient, SLOTS[0])
    await house.do("cancelAppointment", house.as_desk, id=made["id"])
    await house.do("rejectAppointment", house.as_doctor(colleague), id=treated["id"])
    await asyncio.sleep(0.3)
    booked = await desk.next()
    assert (booked["status"], booked["appointment"]["status"]) == ("PENDING", "CANCELLED")
    assert (await listener.next())["status"] == "REJECTED"
    await desk.cut()
    await listener.cut()


async def test_a_change_of_this_process_is_told_without_waiting_for_the_poller(house, monkeypatch):
    monkeypatch.setattr(stream, "POLL_SECONDS", 60)
    listener, first = await listening(house, house.as_desk)
    made = await house.booked(await house.doctor(), await house.patient(), SLOTS[0])
    assert (await first)["appointment"]["id"] == made["id"]
    await listener.cut()


async def test_many_listeners_cost_the_statements_of_one(house):
    doctor, patient = await house.doctor(), await house.patient()
    listeners = [await listening(house, house.as_desk) for _ in range(3)]
    bare = "subscription { change: appointmentStatusChanged { cursor status appointment { id slot } } }"
    headers = {"authorization": house.as_desk}
    events = [house.domain.subgraph.subscribe(bare, {}, None, headers) for _ in range(50)]
    waiting = [asyncio.create_task(anext(one)) for one in events]
    for listener, first in listeners:
        first.cancel()
        await asyncio.wait([first])
        await listener.cut()
    while house.domain.stream._listeners < len(events):  # noqa: ASYNC110 (nothing tells who listens)
        await asyncio.sleep(0.005)
    with house.counting() as all_of_them:
        await house.booked(doctor, patient, SLOTS[0])
        await asyncio.gather(*waiting)
    alone = [each for each in all_of_them if not each.startswith(POLLED)]
    reads = [statement for statement in alone if "status_changes" in statement and statement.startswith("SELECT")]
    assert len(reads) <= 4
    assert len(alone) < 30
    for one in events:
        await one.aclose()


async def test_it_ends_with_the_token(house, signer):
    doctor, patient = await house.doctor(), await house.patient()
    bearer = signer.bearer("RECEPTIONIST", seconds=4)
    listener, first = await listening(house, bearer)
    await house.booked(doctor, patient, SLOTS[0])
    assert (await first)["status"] == "PENDING"
    await asyncio.sleep(4.1)
    await house.booked(doctor, patient, SLOTS[1])
    answer = await listener.next_answer()
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    with pytest.raises(StopAsyncIteration):
        await anext(listener.events)


async def test_the_stream_survives_a_database_that_fails_for_a_while(house, monkeypatch):
    doctor, patient = await house.doctor(), await house.patient()
    listener, first = await listening(house, house.as_desk)
    read = changes.after

    async def fail(*given):
        raise OSError("the disk is away")

    monkeypatch.setattr(changes, "after", fail)
    made = await house.booked(doctor, patient, SLOTS[0])
    await asyncio.sleep(0.3)
    monkeypatch.setattr(changes, "after", read)
    assert (await first)["appointment"]["id"] == made["id"]
    await listener.cut()


async def test_while_nobody_listens_the_log_is_not_read_and_nothing_is_missed(house, cursor, monkeypatch):
    doctor, patient = await house.doctor(), await house.patient()
    listener, first = await listening(house, house.as_desk)
    made = [await house.booked(doctor, patient, SLOTS[0])]
    after = (await first)["cursor"]
    await listener.cut()
    await asyncio.sleep(stream.POLL_SECONDS * 2)

    reads, read = [], changes.after

    async def counted(*arguments):
        reads.append(1)
        return await read(*arguments)

    monkeypatch.setattr(changes, "after", counted)
    made += [await house.booked(doctor, patient, slot) for slot in SLOTS[1:4]]
    await asyncio.sleep(stream.POLL_SECONDS * 2)
    assert reads == []
    again = Listener(house, house.as_desk, after=after)
    assert [(await again.next())["appointment"]["id"] for _ in range(3)] == [one["id"] for one in made[1:]]
    await again.cut()
