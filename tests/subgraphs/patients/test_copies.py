from datetime import UTC, datetime
from decimal import Decimal

import pytest

from subgraphs.appointments.events import AppointmentBooked, AppointmentCancelled, AppointmentState
from subgraphs.kernel.events import Actor, Envelope, envelope
from subgraphs.kernel.ids import new_id


def said(doctor_id: str, patient_id: str, *, version: int = 1, treats: bool = True, of: str = "") -> Envelope:
    """What appointments announces of the appointment `of`, or of a new one."""
    event_class: type[AppointmentState] = AppointmentBooked if treats else AppointmentCancelled
    event = event_class(
        appointment_id=of or new_id(),
        version=version,
        patient_id=patient_id,
        patient_name="Huzaifa",
        doctor_id=doctor_id,
        doctor_name="Dr. Huzaifa",
        department_id=new_id(),
        consultation_fee=Decimal("100.00"),
        slot=datetime(2026, 4, 1, 9, tzinfo=UTC),
        end=datetime(2026, 4, 1, 9, 30, tzinfo=UTC),
        status="PENDING" if treats else "CANCELLED",
        treats=treats,
    )
    return envelope(event, id=new_id(), domain="appointments", actor=Actor(), occurred_at=datetime.now(UTC))


@pytest.fixture
def tell(patients):
    [subscriber] = patients.subscribers
    assert (subscriber.consumer, subscriber.topics) == (
        "patients.copies",
        ("hospital.appointments", "hospital.records"),
    )

    async def bring(message: Envelope) -> None:
        await subscriber.receive([message])

    return bring


@pytest.fixture
async def patient_id(register) -> str:
    return (await register())["patient"]["id"]


@pytest.fixture
def doctor(signer) -> str:
    return signer.bearer("DOCTOR", doctor_id="doctor-1")


async def test_a_booking_makes_the_doctor_see_the_patient(tell, look, find, patient_id, doctor):
    assert await look(patient_id, doctor) is None
    await tell(said("doctor-1", patient_id))
    assert (await look(patient_id, doctor))["name"] == "Huzaifa"
    assert await find(None, doctor) == await find("huz", doctor) == ["Huzaifa"]


@pytest.fixture
def waited_for(patients, tell) -> list[Envelope | None]:
    """What is waited for: each wait brings the last of these, or as None nothing."""
    on_its_way: list[Envelope | None] = []

    async def bring(keys) -> None:
        if (message := on_its_way.pop()) is not None:
            await tell(message)

    patients.base.arrivals.bring = bring
    return on_its_way


async def test_a_booking_on_its_way_is_waited_for_by_who_asks_for_the_patient(waited_for, look, patient_id, doctor):
    waited_for.append(said("doctor-1", patient_id))
    assert (await look(patient_id, doctor))["name"] == "Huzaifa"


async def test_it_is_waited_for_where_another_subgraph_leads_to_the_patient(
    waited_for, patients, ask, patient_id, doctor
):
    waited_for.append(said("doctor-1", patient_id))
    document = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Patient { name } } }"
    answer = await ask(patients.subgraph, document, doctor, of=[{"__typename": "Patient", "id": patient_id}])
    assert answer["data"] == {"_entities": [{"name": "Huzaifa"}]}


async def test_who_is_unknown_is_waited_for_as_who_is_hidden_and_who_is_seen_is_not(
    waited_for, look, tell, patient_id, doctor
):
    for id in (patient_id, new_id()):
        waited_for.append(None)
        assert await look(id, doctor) is None
        assert waited_for == []
    await tell(said("doctor-1", patient_id))
    assert await look(patient_id, doctor) is not None


async def test_one_request_waits_once_for_each_whom_it_asks_for(patients, ask, patient_id, doctor):
    asked, other = list[str](), new_id()

    async def bring(keys) -> None:
        asked.extend(keys)

    patients.base.arrivals.bring = bring
    document = """query ($id: ID!, $of: [_Any!]!) {
        patient(id: $id) { name }
        _entities(representations: $of) { ... on Patient { name } }
    }"""
    of = [{"__typename": "Patient", "id": id} for id in (patient_id, other)]
    answer = await ask(patients.subgraph, document, doctor, id=patient_id, of=of)
    assert answer == {"data": {"patient": None, "_entities": [None, None]}}
    assert sorted(asked) == sorted([patient_id, other])


async def test_a_booking_with_another_doctor_does_not(tell, look, find, patient_id, doctor):
    await tell(said("doctor-2", patient_id))
    assert await look(patient_id, doctor) is None
    assert await find(None, doctor) == await find("huz", doctor) == await find("MRN-0000001", doctor) == []


async def test_what_is_cancelled_treats_no_more_unless_another_appointment_does(tell, look, patient_id, doctor):
    await tell(said("doctor-1", patient_id, of="first"))
    await tell(said("doctor-1", patient_id, of="second"))
    await tell(said("doctor-1", patient_id, of="first", version=2, treats=False))
    assert await look(patient_id, doctor) is not None
    await tell(said("doctor-1", patient_id, of="second", version=2, treats=False))
    assert await look(patient_id, doctor) is None


async def test_what_is_older_than_what_is_known_is_dropped(tell, look, patient_id, doctor):
    await tell(said("doctor-1", patient_id, of="first", version=2, treats=False))
    await tell(said("doctor-1", patient_id, of="first", version=1, treats=True))
    assert await look(patient_id, doctor) is None


async def test_a_second_delivery_changes_nothing(tell, look, patient_id, doctor):
    booking = said("doctor-1", patient_id, of="first")
    await tell(booking)
    await tell(said("doctor-1", patient_id, of="first", version=2, treats=False))
    await tell(booking)
    assert await look(patient_id, doctor) is None


async def test_an_event_that_does_not_fit_raises_and_one_of_another_kind_is_passed_over(tell, patient_id):
    good = said("doctor-1", patient_id)
    broken = Envelope.from_json(good.to_json().replace(b'"doctor_id"', b'"nobody"'))
    with pytest.raises(ValueError, match="doctor_id"):
        await tell(broken)
    await tell(Envelope.from_json(good.to_json().replace(b"appointment.booked", b"access.denied")))
