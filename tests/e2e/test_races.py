"""Many at once, and the same twice: the database decides, and nobody gets what another has."""

import asyncio
import os
from collections import Counter
from typing import Any

import pytest

from tests.e2e.crowd import crowd
from tests.e2e.hospital import DAILY, PASSWORD, Hospital, Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("races")]

PEOPLE = int(os.environ.get("HOSPITAL_TEST_PEOPLE_AT_ONCE", "100"))
"""The acceptance figure is 1000; a hundred tell the same in a tenth of the time."""

TWENTY = range(20)


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def at_once(hospital: Hospital, mutation: str, bearer: str | None, selection: str, /, **given: Any) -> list[Any]:
    """Twenty equal requests."""
    return list(await asyncio.gather(*(hospital.do(mutation, bearer, selection, **given) for _ in TWENTY)))


async def test_of_all_who_book_one_slot_at_once_exactly_one_gets_it(hospital: Hospital):
    doctor, people = await hospital.doctor(), await crowd(hospital, PEOPLE)
    [slot, *_] = await hospital.slots(doctor, days=1)
    payloads = await asyncio.gather(
        *(hospital.do("bookAppointment", person.bearer, doctorId=doctor.id, slot=slot) for person in people)
    )
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("SLOT_TAKEN",): PEOPLE - 1}
    [winner] = [payload["appointment"]["id"] for payload in payloads if payload["appointment"]]
    seen = (await hospital.data("{ appointments { nodes { id } totalCount } }", doctor.bearer))["appointments"]
    assert seen == {"nodes": [{"id": winner}], "totalCount": 1}
    booked = [event["resourceId"] for event in await hospital.trail(type="appointment.booked", actorId=None)]
    assert booked.count(winner) == 1


async def test_a_patient_is_in_one_place_at_a_time(hospital: Hospital):
    patient, doctors = await hospital.patient(), [await hospital.doctor() for _ in range(5)]
    [slot, *_] = await hospital.slots(doctors[0], days=1)
    payloads = await asyncio.gather(
        *(hospital.do("bookAppointment", patient.bearer, doctorId=doctor.id, slot=slot) for doctor in doctors)
    )
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("PATIENT_BUSY",): 4}


async def test_twenty_who_sign_up_at_once_all_sign_in_and_book_right_after(hospital: Hospital):
    doctor = await hospital.doctor()
    slots = await hospital.slots(doctor, days=3)

    async def comes(number: int) -> str:
        person = await hospital.patient()
        return str((await hospital.booked(person, doctor, slots[number]))["status"])

    assert await asyncio.gather(*map(comes, TWENTY)) == ["PENDING"] * 20


async def test_twenty_equal_bookings_are_one(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, other, *_] = await hospital.slots(doctor, days=1)
    given = {"doctorId": doctor.id, "slot": slot, "notes": "Once", "idempotencyKey": "booking-1"}
    payloads = await at_once(hospital, "bookAppointment", patient.bearer, "", **given)
    assert {tuple(codes(payload)) for payload in payloads} == {()}
    [id] = {payload["appointment"]["id"] for payload in payloads}
    assert [event["type"] for event in await hospital.trail(resourceId=id)] == ["appointment.booked"]

    await hospital.done("acceptAppointment", doctor.bearer, id=id)
    again = await hospital.done("bookAppointment", patient.bearer, **given)
    assert (again["id"], again["status"], again["version"]) == (id, "ACCEPTED", 2)
    reused = await hospital.do("bookAppointment", patient.bearer, **given | {"slot": other})
    assert (codes(reused), reused["appointment"]) == (["IDEMPOTENCY_KEY_REUSED"], None)
    assert other in await hospital.slots(doctor, days=1)


async def test_a_key_is_ones_own(hospital: Hospital):
    first, second, doctor = await hospital.patient(), await hospital.patient(), await hospital.doctor()
    slots = await hospital.slots(doctor, days=1)
    booked = [
        await hospital.booked(person, doctor, slot, idempotencyKey="the same")
        for person, slot in zip((first, second), slots, strict=False)
    ]
    assert booked[0]["id"] != booked[1]["id"]


async def test_a_refusal_is_not_kept(hospital: Hospital):
    first, second, doctor = await hospital.patient(), await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    held = await hospital.booked(first, doctor, slot)
    given = {"doctorId": doctor.id, "slot": slot, "idempotencyKey": "until it is free"}
    assert codes(await hospital.do("bookAppointment", second.bearer, **given)) == ["SLOT_TAKEN"]
    await hospital.done("cancelAppointment", first.bearer, id=held["id"])
    assert (await hospital.done("bookAppointment", second.bearer, **given))["status"] == "PENDING"


async def test_twenty_equal_sign_ups_are_one_patient_and_one_login(hospital: Hospital):
    given = {"name": "Huzaifa", "dob": "1990-01-01", "email": "twenty@example.com", "password": PASSWORD}
    payloads = await at_once(
        hospital, "registerPatient", None, "patient { id mrn }", **given, idempotencyKey="sign-up-1"
    )
    assert {tuple(codes(payload)) for payload in payloads} == {()}
    [id] = {payload["patient"]["id"] for payload in payloads}
    await hospital.settled()
    assert await hospital.sign_in("twenty@example.com")
    assert [event["type"] for event in await hospital.trail(resourceId=id)] == ["patient.registered"]

    others = await at_once(hospital, "registerPatient", None, "patient { id }", **given)
    assert {tuple(codes(payload)) for payload in others} == {("EMAIL_TAKEN",)}
    reused = await hospital.do(
        "registerPatient", None, "patient { id }", **given | {"name": "Another"}, idempotencyKey="sign-up-1"
    )
    assert codes(reused) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_of_twenty_sign_ups_with_one_email_one_is_made(hospital: Hospital):
    given = {"dob": "1990-01-01", "email": "one@example.com", "password": PASSWORD}
    payloads = await asyncio.gather(
        *(hospital.do("registerPatient", None, "patient { id }", name=f"Person {n}", **given) for n in TWENTY)
    )
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("EMAIL_TAKEN",): 19}


async def test_twenty_equal_steps_are_one(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    slots = await hospital.slots(doctor, days=1)
    id = (await hospital.booked(patient, doctor, slots[0]))["id"]
    steps = [
        ("rescheduleAppointment", patient.bearer, {"slot": slots[1]}),
        ("acceptAppointment", doctor.bearer, {}),
        ("checkInAppointment", hospital.desk, {}),
        ("completeAppointment", doctor.bearer, {"reason": "Seen"}),
    ]
    for number, (mutation, bearer, more) in enumerate(steps):
        payloads = await at_once(hospital, mutation, bearer, "", id=id, idempotencyKey="step", **more)
        assert {(tuple(codes(p)), p["appointment"]["version"]) for p in payloads} == {((), number + 2)}
    document = "query ($id: ID!) { appointment(id: $id) { history { to } } }"
    seen = (await hospital.data(document, patient.bearer, id=id))["appointment"]
    assert [line["to"] for line in seen["history"]] == ["PENDING", "PENDING", "ACCEPTED", "CHECKED_IN", "COMPLETED"]


async def test_twenty_equal_requests_of_the_desk_make_one_of_each(hospital: Hospital):
    department = await hospital.department()
    staff = {"email": "clerk20@hospital.test", "password": PASSWORD, "role": "BILLING_CLERK"}
    doctor = {
        "name": "Dr. Once",
        "email": "once@example.com",
        "password": PASSWORD,
        "specialty": "Cardiology",
        "departmentId": department,
        "availability": DAILY,
    }
    for mutation, selection, given in (
        ("createStaffAccount", "account { id }", staff),
        ("registerDoctor", "doctor { id }", doctor),
        ("registerPatient", "patient { id }", {"name": "Huzaifa", "dob": "1990-01-01"}),
    ):
        payloads = await at_once(hospital, mutation, hospital.admin, selection, **given, idempotencyKey="once")
        assert {tuple(codes(payload)) for payload in payloads} == {()}
        assert len({str(payload) for payload in payloads}) == 1


async def test_twenty_equal_leaves_are_one(hospital: Hospital):
    doctor = await hospital.doctor()
    leave = {"doctorId": doctor.id, "from": "2031-03-01T00:00:00Z", "to": "2031-03-02T00:00:00Z", "reason": "Rest"}
    payloads = await at_once(
        hospital, "addLeave", doctor.bearer, "doctor { leave { id } version }", **leave, idempotencyKey="leave"
    )
    assert {(tuple(codes(p)), len(p["doctor"]["leave"]), p["doctor"]["version"]) for p in payloads} == {((), 1, 2)}


async def test_of_twenty_who_change_the_same_version_one_does(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    appointment = await hospital.booked(patient, doctor, slot)
    for mutation, bearer, id, vary in (
        ("updatePatient", hospital.desk, patient.id, lambda n: {"name": f"Huzaifa {n}"}),
        ("updateDoctor", hospital.admin, doctor.id, lambda n: {"name": f"Dr. Huzaifa {n}"}),
        ("acceptAppointment", doctor.bearer, appointment["id"], lambda n: {"reason": f"{n}"}),
    ):
        selection = {"updatePatient": "patient { version }", "updateDoctor": "doctor { version }"}.get(mutation, "")
        payloads = await asyncio.gather(
            *(hospital.do(mutation, bearer, selection, id=id, expectedVersion=1, **vary(n)) for n in TWENTY)
        )
        assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("VERSION_CONFLICT",): 19}
        [changed] = [value for p in payloads for name, value in p.items() if name != "errors" and value]
        assert changed["version"] == 2


async def test_a_stale_version_changes_nothing(hospital: Hospital):
    doctor, patient = await hospital.doctor(), await hospital.patient()
    await hospital.done("updateDoctor", hospital.admin, "doctor { id }", id=doctor.id, specialty="Dermatology")
    document = "query ($id: ID!) { doctor(id: $id) { version updatedAt name active availability { day } } }"
    before = await hospital.data(document, id=doctor.id)
    stale = {"expectedVersion": 1}
    for mutation, given in (
        ("updateDoctor", {"id": doctor.id, "name": "Dr. Stale"}),
        ("setAvailability", {"doctorId": doctor.id, "availability": []}),
        ("deactivateDoctor", {"id": doctor.id}),
    ):
        payload = await hospital.do(mutation, hospital.admin, "doctor { id }", **given, **stale)
        assert (codes(payload), payload["doctor"]) == (["VERSION_CONFLICT"], None)
    assert await hospital.data(document, id=doctor.id) == before
    given = {"id": patient.id, "name": "Stale", "expectedVersion": 7}
    payload = await hospital.do("updatePatient", patient.bearer, "patient { id }", **given)
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [
        ("VERSION_CONFLICT", ["expectedVersion"])
    ]


async def test_ten_wrong_passwords_close_the_door_for_a_while(hospital: Hospital):
    patient = await hospital.patient()
    wrong = {"email": patient.email, "password": "not the pass phrase"}
    answers = await asyncio.gather(*(hospital.ask_to("signIn", None, "", **wrong) for _ in range(15)))
    told = Counter("refused" if answer.codes == [] else answer.codes[0] for answer in answers)
    assert told == {"refused": 10, "TOO_MANY_REQUESTS": 5}
    right = await hospital.ask_to("signIn", None, "session { accessToken }", email=patient.email, password=PASSWORD)
    assert (right.codes, right.body["data"]) == (["TOO_MANY_REQUESTS"], {"signIn": None})


async def test_a_refresh_token_that_comes_twice_ends_its_session(hospital: Hospital):
    patient: Person = await hospital.patient()
    tokens = "session { accessToken refreshToken }"
    session = await hospital.done("signIn", None, tokens, email=patient.email, password=PASSWORD)
    payloads = await at_once(hospital, "refreshSession", None, tokens, refreshToken=session["refreshToken"])
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("SESSION_EXPIRED",): 19}
    [given] = [payload["session"] for payload in payloads if payload["session"]]
    stolen = await hospital.do("refreshSession", None, tokens, refreshToken=given["refreshToken"])
    assert codes(stolen) == ["SESSION_EXPIRED"]
