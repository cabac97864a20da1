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
    broken = Envelope.from_json(message.to_json().replace(b'"patient_id"', b'"nobody"').replace(b'"id":"', b'"id":"x'))
    with pytest.raises(ValueError, match="patient_id"):
        await subscriber.receive([broken])
    assert problems(await house.break_glass(house.as_role("ADMIN"), fact.patient_id)) == []
