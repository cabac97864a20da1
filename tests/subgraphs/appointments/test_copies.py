"""What is kept of doctors and patients follows their events, in whatever order they come."""

import itertools
from datetime import UTC, datetime

from subgraphs.doctors.events import DepartmentCreated
from subgraphs.kernel.events import Actor, envelope
from subgraphs.kernel.ids import new_id
from subgraphs.patients.events import PatientUpdated
from tests.subgraphs.appointments.conftest import codes

NINE = "2026-03-02T09:00:00Z"


async def test_the_newest_version_stays_whatever_the_order(house):
    for place, order in enumerate(itertools.permutations([1, 2, 3])):
        doctor, patient = new_id(), new_id()
        for version in order:
            await house.doctor(doctor, version=version, slot_minutes=version * 10)
            await house.patient(patient, version=version, email=f"{version}@example.com")
        made = await house.booked(doctor, patient, f"2026-03-02T{9 + place:02}:00:00Z")
        assert made["end"] == f"2026-03-02T{9 + place:02}:30:00Z"
        assert made["patientEmail"] == "3@example.com"


async def test_a_message_that_comes_twice_is_applied_once(house):
    patient = await house.patient()
    fact = PatientUpdated(
        patient_id=patient, version=2, name="Huzaifa Ansari", deceased_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    message = envelope(fact, id=new_id(), domain="patients", actor=Actor(), occurred_at=house.domain.base.clock.now())
    (subscriber,) = house.domain.subscribers
    for _ in range(2):
        await subscriber.receive([message])
    assert codes(await house.book(await house.doctor(), patient, NINE)) == ["INVALID_INPUT"]


async def test_it_minds_no_event_that_is_none_of_its_business(house):
    await house.hear("doctors", DepartmentCreated(department_id=new_id(), name="Medicine"))


async def test_it_listens_to_doctors_and_patients(house):
    (subscriber,) = house.domain.subscribers
    assert (subscriber.consumer, subscriber.topics) == (
        "appointments.copies",
        ("hospital.doctors", "hospital.patients", "hospital.records"),
    )


async def test_new_hours_and_leave_count_from_when_they_are_known(house):
    doctor, patient = await house.doctor(), await house.patient()
    await house.doctor(doctor, hours=[])
    assert codes(await house.book(doctor, patient, NINE)) == ["OUTSIDE_AVAILABILITY"]
    await house.doctor(doctor)
    assert codes(await house.book(doctor, patient, NINE)) == []
