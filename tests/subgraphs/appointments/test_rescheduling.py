import pytest
from sqlmodel import select

from subgraphs.appointments.tables import ClaimRow
from tests.subgraphs.appointments.conftest import codes

NINE, TEN, HALF_PAST_NINE = "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", "2026-03-02T09:30:00Z"
HISTORY = "query ($id: ID!) { appointment(id: $id) { history { from to slot reason } } }"


async def steps(house) -> set[tuple[str, int]]:
    async with house.domain.base.database.reading() as session:
        return {(row.owner[:1], row.step % 12) for row in (await session.exec(select(ClaimRow))).all()}


async def test_the_patient_moves_their_appointment_and_its_time_moves_along(house):
    doctor, patient = await house.doctor(), await house.patient()
    made = await house.booked(doctor, patient, NINE)
    payload = await house.do(
        "rescheduleAppointment", house.as_patient(patient), id=made["id"], slot=HALF_PAST_NINE, reason="late"
    )
    moved = payload["appointment"]
    assert (moved["slot"], moved["end"], moved["status"], moved["version"]) == (HALF_PAST_NINE, TEN, "PENDING", 2)
    assert await steps(house) == {(owner, step) for owner in "dp" for step in range(6, 12)}
    lines = (await house.ask(HISTORY, house.as_desk, id=made["id"]))["appointment"]["history"]
    assert lines[1] == {"from": "PENDING", "to": "PENDING", "slot": HALF_PAST_NINE, "reason": "late"}
    assert lines[0]["slot"] == NINE
    type, fact = (await house.outbox())[1]
    assert (type, fact["previous_slot"], fact["slot"]) == ("appointment.rescheduled", NINE, HALF_PAST_NINE)
    assert codes(await house.book(doctor, await house.patient(), NINE)) == []


async def test_an_accepted_one_stays_accepted(house):
    doctor = await house.doctor()
    made = await house.booked(doctor, await house.patient(), NINE)
    await house.do("acceptAppointment", house.as_doctor(doctor), id=made["id"])
    payload = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot=TEN)
    assert payload["appointment"]["status"] == "ACCEPTED"


@pytest.mark.parametrize(
    ("slot", "code"),
    [
        (TEN, "SLOT_TAKEN"),
        ("2026-03-02T11:00:00Z", "PATIENT_BUSY"),
        ("2026-03-02T05:00:00Z", "SLOT_IN_PAST"),
        ("2026-03-02T09:05:00Z", "OUTSIDE_AVAILABILITY"),
        (NINE, "INVALID_INPUT"),
    ],
)
async def test_the_new_slot_is_checked_like_a_booking_and_the_old_one_is_kept(house, slot, code):
    doctor, patient = await house.doctor(), await house.patient()
    made = await house.booked(doctor, patient, NINE)
    await house.booked(doctor, await house.patient(), TEN)
    await house.booked(await house.doctor(), patient, "2026-03-02T11:00:00Z")
    before = await steps(house), await house.outbox()
    payload = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot=slot)
    assert (codes(payload), payload["errors"][0]["field"]) == ([code], ["slot"])
    assert (await steps(house), await house.outbox()) == before


async def test_it_may_overlap_the_time_that_it_leaves(house):
    doctor = await house.doctor()
    made = await house.booked(doctor, await house.patient(), NINE)
    await house.doctor(doctor, slot_minutes=20)
    payload = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot="2026-03-02T09:20:00Z")
    assert payload["appointment"]["end"] == "2026-03-02T09:40:00Z"
    assert await steps(house) == {(owner, step) for owner in "dp" for step in range(4, 8)}


async def test_its_own_time_is_in_nobodys_way(house):
    """Overlapping the time that it leaves, it is refused for the patient's other appointment alone."""
    doctor, patient = await house.doctor(), await house.patient()
    made = await house.booked(doctor, patient, NINE)
    await house.booked(await house.doctor(), patient, HALF_PAST_NINE)
    await house.doctor(doctor, slot_minutes=20)
    payload = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot="2026-03-02T09:20:00Z")
    assert codes(payload) == ["PATIENT_BUSY"]


async def test_nobody_is_moved_to_a_doctor_who_takes_no_bookings(house):
    doctor = await house.doctor()
    made = await house.booked(doctor, await house.patient(), NINE)
    await house.doctor(doctor, active=False)
    payload = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot=TEN)
    assert (codes(payload), payload["errors"][0]["field"]) == (["INVALID_INPUT"], ["id"])


async def test_contact_fee_and_department_stay_as_at_the_booking(house):
    doctor, patient = await house.doctor(consultation_fee="70.00"), await house.patient()
    made = await house.booked(doctor, patient, NINE)
    await house.doctor(doctor, consultation_fee="90.00")
    await house.patient(patient, email="new@example.com")
    payload = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot=TEN, idempotencyKey="k")
    assert payload["appointment"]["patientEmail"] == "h@example.com"
    assert (await house.outbox())[1][1]["consultation_fee"] == "70.00"
    again = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot=TEN, idempotencyKey="k")
    assert again == payload
    other = await house.do("rescheduleAppointment", house.as_desk, id=made["id"], slot=NINE, idempotencyKey="k")
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]
