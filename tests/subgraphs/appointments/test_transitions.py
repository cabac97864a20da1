from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from subgraphs.appointments import repository
from subgraphs.appointments.tables import ClaimRow
from subgraphs.kernel.database import Race
from tests.subgraphs.appointments.conftest import codes

UNKNOWN = "01a20621-7b52-7be0-803d-c7638392bf28"

NINE = "2026-03-02T09:00:00Z"
HISTORY = "query ($id: ID!) { appointment(id: $id) { status version history { from to at reason byAccountId } } }"


@pytest.fixture
async def doctor(house) -> str:
    return await house.doctor()


@pytest.fixture
async def patient(house) -> str:
    return await house.patient()


@pytest.fixture
async def pending(house, doctor, patient) -> str:
    return (await house.booked(doctor, patient, NINE))["id"]


@pytest.fixture
async def accepted(house, doctor, pending) -> str:
    await house.do("acceptAppointment", house.as_doctor(doctor), id=pending)
    return pending


async def claims(house) -> int:
    async with house.domain.base.database.reading() as session:
        return len((await session.exec(select(ClaimRow))).all())


async def test_the_doctor_accepts_and_only_updated_at_moves(house, doctor, pending, clock):
    clock.move(timedelta(minutes=7))
    payload = await house.do("acceptAppointment", house.as_doctor(doctor), id=pending)
    assert (payload["appointment"]["status"], payload["appointment"]["version"]) == ("ACCEPTED", 2)
    times = await house.ask(
        "query ($id: ID!) { appointment(id: $id) { createdAt updatedAt } }", house.as_desk, id=pending
    )
    assert times["appointment"] == {"createdAt": "2026-03-02T06:00:00Z", "updatedAt": "2026-03-02T06:07:00Z"}
    assert await house.announced() == ["appointment.booked", "appointment.accepted"]


async def test_a_whole_visit_stands_in_the_history(house, doctor, patient, accepted, clock):
    clock.move(timedelta(hours=3))
    await house.do("checkInAppointment", house.as_desk, id=accepted)
    await house.do("completeAppointment", house.as_doctor(doctor), id=accepted, reason="done")
    found = (await house.ask(HISTORY, house.as_patient(patient), id=accepted))["appointment"]
    assert (found["status"], found["version"]) == ("COMPLETED", 4)
    assert [(line["from"], line["to"], line["reason"]) for line in found["history"]] == [
        (None, "PENDING", None),
        ("PENDING", "ACCEPTED", None),
        ("ACCEPTED", "CHECKED_IN", None),
        ("CHECKED_IN", "COMPLETED", "done"),
    ]
    assert found["history"][3]["at"] == NINE
    assert found["history"][3]["byAccountId"].startswith("account-")
    assert await claims(house) == 12


@pytest.mark.parametrize("mutation", ["rejectAppointment", "cancelAppointment"])
async def test_what_is_given_up_frees_the_slot(house, doctor, pending, mutation):
    payload = await house.do(mutation, house.as_doctor(doctor), id=pending, reason=" not well ")
    assert payload["appointment"]["reason"] == "not well"
    assert await claims(house) == 0
    assert codes(await house.book(doctor, await house.patient(), NINE)) == []


async def test_a_no_show_is_told_from_the_slot_on_and_frees_it(house, doctor, accepted, clock):
    clock.at = datetime(2026, 3, 2, 8, 59, 59, tzinfo=UTC)
    assert codes(await house.do("markNoShow", house.as_desk, id=accepted)) == ["INVALID_TRANSITION"]
    clock.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert codes(await house.do("markNoShow", house.as_doctor(doctor), id=accepted)) == []
    assert await claims(house) == 0


async def test_a_completed_visit_keeps_its_slot(house, doctor, accepted):
    await house.do("completeAppointment", house.as_doctor(doctor), id=accepted)
    assert codes(await house.book(doctor, await house.patient(), NINE)) == ["SLOT_TAKEN"]


@pytest.mark.parametrize("mutation", ["acceptAppointment", "rejectAppointment", "completeAppointment"])
async def test_nothing_is_done_with_what_is_over(house, doctor, pending, mutation):
    await house.do("cancelAppointment", house.as_desk, id=pending)
    before = await house.outbox()
    payload = await house.do(mutation, house.as_doctor(doctor), id=pending)
    assert (codes(payload), payload["appointment"]) == (["INVALID_TRANSITION"], None)
    assert await house.outbox() == before


async def test_what_is_checked_in_is_neither_cancelled_nor_moved(house, accepted):
    await house.do("checkInAppointment", house.as_desk, id=accepted)
    assert codes(await house.do("cancelAppointment", house.as_desk, id=accepted)) == ["INVALID_TRANSITION"]
    moved = await house.do("rescheduleAppointment", house.as_desk, id=accepted, slot="2026-03-02T10:00:00Z")
    assert codes(moved) == ["INVALID_TRANSITION"]


async def test_a_stale_version_is_a_conflict_and_writes_nothing(house, doctor, accepted):
    payload = await house.do("completeAppointment", house.as_doctor(doctor), id=accepted, expectedVersion=1)
    assert (codes(payload), payload["errors"][0]["field"]) == (["VERSION_CONFLICT"], ["expectedVersion"])
    assert codes(await house.do("completeAppointment", house.as_doctor(doctor), id=accepted, expectedVersion=2)) == []


async def test_a_key_repeats_a_transition_once(house, doctor, pending):
    wanted = {"id": pending, "idempotencyKey": "k", "expectedVersion": 1}
    first = await house.do("acceptAppointment", house.as_doctor(doctor), **wanted)
    assert await house.do("acceptAppointment", house.as_doctor(doctor), **wanted) == first
    other = await house.do("acceptAppointment", house.as_doctor(doctor), id=pending, idempotencyKey="k", reason="x")
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]
    assert await house.announced() == ["appointment.booked", "appointment.accepted"]


@pytest.mark.parametrize("id", [UNKNOWN, "nothing", "", "\0", "\ud800", "x" * 5000])
async def test_an_unknown_appointment_is_not_found(house, id):
    payload = await house.do("cancelAppointment", house.as_desk, id=id, idempotencyKey="k")
    assert (codes(payload), payload["errors"][0]["field"]) == (["NOT_FOUND"], ["id"])
    assert await house.announced() == []


@pytest.mark.parametrize("reason", ["x" * 1001, "a\0", "\udfff"])
async def test_it_refuses_a_reason_that_is_no_text(house, pending, reason):
    payload = await house.do("cancelAppointment", house.as_desk, id=pending, reason=reason)
    assert (codes(payload), payload["errors"][0]["field"]) == (["INVALID_INPUT"], ["reason"])


async def test_what_was_read_too_early_is_not_written(house, pending):
    """The compare-and-set itself: two transactions that read the same version do not both write."""
    database = house.domain.base.database
    async with database.reading() as session:
        stale = await repository.appointment(session, pending)
    await house.do("cancelAppointment", house.as_desk, id=pending)

    async def work(session):
        await repository.save(session, stale, status="ACCEPTED")

    with pytest.raises(Race):
        await database.transaction(work)
    found = await house.ask(HISTORY, house.as_desk, id=pending)
    assert found["appointment"]["status"] == "CANCELLED"


async def test_a_doctor_who_rejects_sees_the_appointment_but_not_the_patient_any_more(house, doctor, pending):
    payload = await house.do("rejectAppointment", house.as_doctor(doctor), id=pending)
    assert (payload["appointment"]["patient"], payload["appointment"]["patientEmail"]) == (None, None)
    assert payload["appointment"]["status"] == "REJECTED"


async def test_two_changes_in_one_request_each_answer_with_what_then_was(house, doctor, patient, pending):
    other = (await house.booked(doctor, patient, "2026-03-02T10:00:00Z"))["id"]
    document = """
    mutation ($one: ID!, $two: ID!) {
      a: rejectAppointment(input: {id: $one}) { appointment { patient { id } history { to } } }
      b: rejectAppointment(input: {id: $two}) { appointment { patient { id } history { to } } }
    }
    """
    data = await house.ask(document, house.as_doctor(doctor), one=pending, two=other)
    assert (data["a"]["appointment"]["patient"], data["b"]["appointment"]["patient"]) == ({"id": patient}, None)
