"""Status changes over graphql-transport-ws: none missed, none repeated, each for who may see it."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlmodel import col, select
from websockets.exceptions import ConnectionClosed

from subgraphs.appointments.tables import ChangeRow
from tests.e2e.crowd import token
from tests.e2e.hospital import Hospital, OneProcess, Person
from tests.e2e.sockets import CHANGES, Changes, Ended, listening_to

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("streams")]

CURSOR = "{ appointmentChangesCursor }"
CHANGES_OF_24_VISITS = 48


async def cursor(hospital: Hospital) -> str:
    return str((await hospital.data(CURSOR, hospital.desk))["appointmentChangesCursor"])


def told(change: dict[str, Any]) -> tuple[str, str | None, str]:
    return change["appointment"]["id"], change["previousStatus"], change["status"]


async def taken(changes: Changes, number: int) -> list[dict[str, Any]]:
    return [await changes.next() for _ in range(number)]


async def silent(changes: Changes) -> bool:
    try:
        await changes.next(0.3)
    except TimeoutError:
        return True
    return False


async def visits(hospital: Hospital, patients: Sequence[Person], doctor: Person, slots: Sequence[str]) -> None:
    """Each is booked, and some are moved on: three changes at the most for each."""
    for number, slot in enumerate(slots):
        booked = await hospital.booked(patients[number % len(patients)], doctor, slot)
        if number % 3:
            await hospital.done("acceptAppointment", doctor.bearer, id=booked["id"])
        if number % 3 == 2:
            await hospital.done("cancelAppointment", doctor.bearer, id=booked["id"])


async def logged(hospital: Hospital, doctor: Person) -> list[tuple[str, str | None, str]]:
    """What was written of that doctor, in the order of commits."""
    async with hospital.domains.appointments.base.database.reading() as session:
        statement = select(ChangeRow).where(col(ChangeRow.doctor_id) == doctor.id).order_by(col(ChangeRow.sequence))
        rows = (await session.exec(statement)).all()
    return [(row.appointment_id, row.previous_status, row.status) for row in rows]


async def test_changes_are_told_as_they_happen(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, other, *_] = await hospital.slots(doctor, days=1)
    async with listening_to(hospital.url, patient.bearer) as changes:
        await asyncio.sleep(0.2)
        id = (await hospital.booked(patient, doctor, slot, notes="Routine checkup"))["id"]
        booking = await changes.next()
        assert told(booking) == (id, None, "PENDING")
        assert booking["appointment"] == {
            "id": id,
            "status": "PENDING",
            "notes": "Routine checkup",
            "patient": {"id": patient.id, "name": "Huzaifa"},
            "doctor": {"id": doctor.id},
        }
        await hospital.done("rescheduleAppointment", patient.bearer, id=id, slot=other)
        await hospital.done("acceptAppointment", doctor.bearer, id=id)
        assert [told(change) for change in await taken(changes, 2)] == [
            (id, "PENDING", "PENDING"),
            (id, "PENDING", "ACCEPTED"),
        ]


async def test_a_connection_cut_again_and_again_misses_and_repeats_nothing(hospital: Hospital):
    patients = [await hospital.patient() for _ in range(3)]
    doctor, after = await hospital.doctor(), await cursor(hospital)
    slots = (await hospital.slots(doctor, days=5))[:24]
    listeners = [
        asyncio.create_task(cut_listener(hospital, bearer, after, doctor, random.Random(seed)))
        for seed, bearer in enumerate((hospital.desk, doctor.bearer, hospital.desk))
    ]
    await visits(hospital, patients, doctor, slots)
    heard = await asyncio.gather(*listeners)
    expected = await logged(hospital, doctor)
    assert len(expected) == CHANGES_OF_24_VISITS
    assert {cuts > 5 for _, cuts in heard} == {True}
    assert [changes for changes, _ in heard] == [expected] * 3


async def cut_listener(
    hospital: Hospital, bearer: str, after: str, doctor: Person, chance: random.Random
) -> tuple[list[tuple[str, str | None, str]], int]:
    """What is heard over one connection after another, each cut at a random moment, until all is quiet."""
    heard: list[tuple[str, str | None, str]] = []
    cuts, quiet = 0, 0
    while quiet < 3:
        changes = await Changes.opened(hospital.url, bearer, after=after, doctorId=doctor.id)
        before = len(heard)
        try:
            async with asyncio.timeout(chance.uniform(0.0, 0.25)):
                while True:
                    change = await changes.next()
                    heard.append(told(change))
                    after = change["cursor"]
        except TimeoutError:
            changes.cut()
            cuts += 1
        quiet = quiet + 1 if len(heard) == before and len(heard) >= CHANGES_OF_24_VISITS else 0
    return heard, cuts


async def test_what_was_missed_is_told_first_and_then_what_comes_meanwhile(hospital: Hospital):
    patient, doctor, after = await hospital.patient(), await hospital.doctor(), await cursor(hospital)
    slots = await hospital.slots(doctor, days=2)
    await visits(hospital, [patient], doctor, slots[:9])
    writing = asyncio.create_task(visits(hospital, [patient], doctor, slots[9:18]))
    async with listening_to(hospital.url, hospital.desk, after=after, doctorId=doctor.id) as changes:
        heard = await taken(changes, 36)
        await writing
        assert await silent(changes)
    assert [told(change) for change in heard] == await logged(hospital, doctor)
    assert len({change["cursor"] for change in heard}) == 36


async def test_nothing_falls_between_a_list_and_the_stream_that_follows_it(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    slots = (await hospital.slots(doctor, days=3))[:18]
    writing = asyncio.create_task(visits(hospital, [patient], doctor, slots))
    await asyncio.sleep(0.3)
    after = await cursor(hospital)
    document = "query ($id: ID!) { appointments(filter: {doctorId: $id}, first: 100) { nodes { id status } } }"
    nodes = (await hospital.data(document, hospital.desk, id=doctor.id))["appointments"]["nodes"]
    known = {node["id"]: node["status"] for node in nodes}
    async with listening_to(hospital.url, hospital.desk, after=after, doctorId=doctor.id) as changes:
        await writing
        while not await silent_or_applied(changes, known):
            pass
    nodes = (await hospital.data(document, hospital.desk, id=doctor.id))["appointments"]["nodes"]
    assert known == {node["id"]: node["status"] for node in nodes}


async def silent_or_applied(changes: Changes, known: dict[str, str]) -> bool:
    try:
        change = await changes.next(0.3)
    except TimeoutError:
        return True
    known[change["appointment"]["id"]] = change["status"]
    return False


async def test_each_hears_what_they_may_see(hospital: Hospital):
    patient, other = await hospital.patient(), await hospital.patient()
    doctor, another = await hospital.doctor(), await hospital.doctor()
    after = await cursor(hospital)
    [slot, second, *_] = await hospital.slots(doctor, days=1)
    own = (await hospital.booked(patient, doctor, slot, notes="For the doctor's eyes"))["id"]
    others = (await hospital.booked(other, another, slot))["id"]
    treated = (await hospital.booked(patient, another, second))["id"]
    await hospital.done("cancelAppointment", patient.bearer, id=treated)

    own_of_patient = [(own, None, "PENDING"), (treated, None, "PENDING"), (treated, "PENDING", "CANCELLED")]
    own_of_another = [(others, None, "PENDING"), *own_of_patient[1:]]
    everything = [own_of_patient[0], *own_of_another]
    heard = {
        patient: own_of_patient,
        other: [(others, None, "PENDING")],
        doctor: own_of_patient,  # who treats a patient sees all of that patient's appointments
        another: own_of_another,  # what was cancelled ended the treating, and stays the doctor's own
        hospital.staff["RECEPTIONIST"]: everything,
        hospital.staff["BILLING_CLERK"]: everything,
        hospital.staff["ADMIN"]: everything,
    }
    for viewer, expected in heard.items():
        async with listening_to(hospital.url, viewer.bearer, after=after) as changes:
            got = await taken(changes, len(expected))
            assert await silent(changes)
        assert [told(change) for change in got] == expected
        shows_notes = viewer.email != hospital.staff["BILLING_CLERK"].email
        assert {change["appointment"]["notes"] for change in got if change["appointment"]["id"] == own} <= (
            {"For the doctor's eyes"} if shows_notes else {None}
        )
    async with listening_to(hospital.url, another.bearer, after=after) as changes:
        got = await taken(changes, 3)
    assert [change["appointment"]["patient"] is None for change in got] == [False, True, True]


async def test_the_arguments_narrow_what_is_heard(hospital: Hospital):
    patient, other, doctor = await hospital.patient(), await hospital.patient(), await hospital.doctor()
    department = await hospital.department()
    another = await hospital.doctor(departmentId=department)
    after = await cursor(hospital)
    [slot, second, *_] = await hospital.slots(doctor, days=1)
    first = (await hospital.booked(patient, doctor, slot))["id"]
    middle = (await hospital.booked(other, another, slot))["id"]
    last = (await hospital.booked(patient, another, second))["id"]
    for narrowing, expected in (
        ({"patientId": patient.id}, [first, last]),
        ({"doctorId": another.id}, [middle, last]),
        ({"departmentId": department}, [middle, last]),
        ({"departmentId": department, "patientId": patient.id}, [last]),
    ):
        async with listening_to(hospital.url, hospital.desk, after=after, **narrowing) as changes:
            assert [told(change)[0] for change in await taken(changes, len(expected))] == expected
            assert await silent(changes)
    async with listening_to(hospital.url, patient.bearer, after=after, patientId=other.id) as changes:
        assert await silent(changes)


async def test_who_never_may_hears_why_not(hospital: Hospital):
    for bearer, code in ((None, "UNAUTHENTICATED"), (hospital.auditor, "FORBIDDEN")):
        async with listening_to(hospital.url, bearer) as changes:
            with pytest.raises(Ended) as ended:
                await changes.next()
            assert ended.value.codes == [code]


async def test_a_socket_is_closed_when_its_token_ends(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    short = await token(hospital, "PATIENT", seconds=3, patient_id=patient.id)
    async with listening_to(hospital.url, short) as changes:
        await asyncio.sleep(0.2)
        await hospital.booked(patient, doctor, slot)
        assert (await changes.next())["status"] == "PENDING"
        assert await changes.close_code(5) == 4403


async def test_a_token_that_is_not_good_opens_no_socket(hospital: Hospital):
    ended = await token(hospital, "ADMIN", seconds=-1)
    signature = hospital.admin[-10:]
    forged = hospital.admin.removesuffix(signature) + signature[::-1]
    for bearer in (ended, forged, "Bearer nonsense", "nonsense", "Basic YWRtaW46YWRtaW4="):
        with pytest.raises(ConnectionClosed) as closed:
            await Changes.opened(hospital.url, bearer)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403


async def test_messages_that_are_none_close_the_socket_as_the_protocol_says(hospital: Hospital):
    for message in ("[]", "null", "{", '"x"', '{"type": "nonsense"}', '{"type": 7}', "[" * 50_000):
        async with listening_to(hospital.url, hospital.desk) as changes:
            await changes.send(message)
            assert await changes.close_code() == 4400
    async with listening_to(hospital.url, hospital.desk) as changes:
        await changes.send({"id": "1", "type": "subscribe", "payload": {"query": CHANGES}})
        assert await changes.close_code() == 4409


async def test_a_cursor_is_of_this_stream(hospital: Hospital):
    page = (await hospital.data("{ doctors(first: 1) { pageInfo { endCursor } } }"))["doctors"]
    for after in ("nonsense", "", "\0", "%", "9" * 500, page["pageInfo"]["endCursor"]):
        changes = await Changes.opened(hospital.url, hospital.desk, after=after)
        with pytest.raises(Ended) as ended:
            await changes.next()
        assert (ended.value.codes, ended.value.reasons) == (["BAD_USER_INPUT"], [None])
        await changes.close()


@pytest.mark.one_process
async def test_a_cursor_is_not_older_than_what_is_kept(hospital: OneProcess):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    old = await cursor(hospital)
    [slot, other, *_] = await hospital.slots(doctor, days=1)
    await hospital.booked(patient, doctor, slot)
    await hospital.settled()
    await forget(hospital)
    changes = await Changes.opened(hospital.url, hospital.desk, after=old)
    with pytest.raises(Ended) as ended:
        await changes.next()
    assert (ended.value.codes, ended.value.reasons) == (["BAD_USER_INPUT"], ["CURSOR_EXPIRED"])
    await changes.close()

    async with listening_to(hospital.url, hospital.desk, after=await cursor(hospital)) as fresh:
        await hospital.booked(patient, doctor, other)
        assert (await fresh.next())["status"] == "PENDING"


async def forget(hospital: OneProcess) -> None:
    """As 40 days later."""
    async with hospital.later(timedelta(days=40)):
        before = hospital.clock.now() - timedelta(days=31)
        assert await hospital.domains.appointments.service.prune_changes(before) > 0


async def test_cursors_grow_without_repeating(hospital: Hospital):
    patient, doctor, after = await hospital.patient(), await hospital.doctor(), await cursor(hospital)
    await visits(hospital, [patient], doctor, (await hospital.slots(doctor, days=1))[:6])
    async with listening_to(hospital.url, hospital.desk, after=after) as changes:
        heard = await taken(changes, 11)
    for earlier, later in pairwise(heard):
        async with listening_to(hospital.url, hospital.desk, after=earlier["cursor"]) as again:
            assert (await again.next())["cursor"] == later["cursor"]
