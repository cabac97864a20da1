"""What records keeps of appointments and patients."""

import pytest

from subgraphs.kernel.events import Actor, Envelope, envelope
from subgraphs.kernel.ids import new_id
from subgraphs.patients.events import PatientRegistered
from tests.subgraphs.records.conftest import problems


async def test_it_listens_to_appointments_and_patients(house):
    [subscriber] = house.domain.subscribers
    assert (subscriber.consumer, subscriber.topics) == (
        "records.copies",
        ("hospital.appointments", "hospital.patients"),
    )


async def test_what_is_older_than_what_is_known_is_dropped(house):
    doctor, patient = new_id(), await house.patient()
    visit = await house.visit(doctor, patient, "CANCELLED")
    house.versions[visit] = 0
    await house.visit(doctor, patient, "ACCEPTED", of=visit)
    assert problems(await house.create(doctor, patient)) == [("NOT_FOUND", ["patientId"])]


async def test_a_second_delivery_changes_nothing_and_a_broken_event_raises(house):
    [subscriber] = house.domain.subscribers
    fact = PatientRegistered(patient_id=new_id(), version=1, name="Huzaifa")
    now = house.domain.base.clock.now()
    message = envelope(fact, id=new_id(), domain="patients", actor=Actor(), occurred_at=now)
    for _ in range(2):
        await subscriber.receive([message])
    another = message.to_json().replace(message.id.encode(), new_id().encode())
    broken = Envelope.from_json(another.replace(b'"patient_id"', b'"nobody"'))
    with pytest.raises(ValueError, match="patient_id"):
        await subscriber.receive([broken])
    assert problems(await house.break_glass(house.as_role("ADMIN"), fact.patient_id)) == []


@pytest.fixture
def on_its_way(house):
    """What is waited for: each wait calls the last of these."""
    coming = []

    async def bring(keys) -> None:
        await coming.pop()()

    house.domain.base.arrivals.bring = bring
    return coming


async def nothing() -> None:
    return None


async def test_a_booking_on_its_way_is_waited_for_before_a_doctor_is_shown_nothing(house, treated, on_its_way):
    author, patient = treated
    record, booked = await house.created(author, patient), new_id()
    on_its_way.append(lambda: house.visit(booked, patient, "PENDING"))
    assert (await house.look(record["id"], house.as_doctor(booked)))["id"] == record["id"]


async def test_what_never_was_is_waited_for_as_what_is_hidden(house, treated, on_its_way):
    author, patient = treated
    record, stranger = await house.created(author, patient), house.as_doctor(new_id())
    for id in (record["id"], new_id()):
        on_its_way.append(nothing)
        assert await house.look(id, stranger) is None
        assert on_its_way == []


async def test_one_request_waits_once_for_each_thing_that_it_misses(house, treated):
    author, patient = treated
    record, booked, unknown, asked = await house.created(author, patient), new_id(), new_id(), list[str]()

    async def bring(keys) -> None:
        asked.extend(keys)
        if patient in keys:
            await house.visit(booked, patient, "PENDING")

    house.domain.base.arrivals.bring = bring
    fields = ("a: medicalRecord(id: $a) { id }", "b: medicalRecord(id: $b) { id }", "c: medicalRecord(id: $a) { id }")
    document = f"query ($a: ID!, $b: ID!) {{ {' '.join(fields)} }}"
    answer = await house.ask(document, house.as_doctor(booked), a=unknown, b=record["id"])
    assert answer == {"a": None, "b": {"id": record["id"]}, "c": None}
    assert sorted(asked) == sorted([unknown, patient])


async def test_who_sees_a_record_waits_for_nothing(house, treated, on_its_way):
    author, patient = treated
    record = await house.created(author, patient)
    for bearer in (house.as_doctor(author), house.as_patient(patient)):
        assert await house.look(record["id"], bearer) is not None
