from datetime import UTC, datetime

import pytest

from subgraphs.kernel.ids import new_id
from tests.subgraphs.appointments.conftest import codes, leave

NINE = "2026-03-02T09:00:00Z"
HISTORY = "query ($id: ID!) { appointment(id: $id) { history { from to at byAccountId reason slot } } }"
COUNT = "{ appointments { totalCount } }"


async def count(house) -> int:
    return (await house.ask(COUNT, house.as_desk))["appointments"]["totalCount"]


async def test_a_patient_books_for_themself(house):
    doctor, patient = await house.doctor(), await house.patient()
    payload = await house.ask(
        "mutation ($input: BookAppointmentInput!) { bookAppointment(input: $input) { appointment "
        "{ status slot end notes version createdAt updatedAt patientEmail patient { id } doctor { id } } "
        "errors { code } } }",
        house.as_patient(patient),
        input={"doctorId": doctor, "slot": NINE, "notes": " Routine checkup for Huzaifa "},
    )
    assert payload["bookAppointment"] == {
        "appointment": {
            "status": "PENDING",
            "slot": NINE,
            "end": "2026-03-02T09:30:00Z",
            "notes": "Routine checkup for Huzaifa",
            "version": 1,
            "createdAt": "2026-03-02T06:00:00Z",
            "updatedAt": "2026-03-02T06:00:00Z",
            "patientEmail": "h@example.com",
            "patient": {"id": patient},
            "doctor": {"id": doctor},
        },
        "errors": [],
    }


async def test_a_booking_is_announced_with_what_was_true_then(house):
    doctor = await house.doctor(department_id="018f0000-0000-7000-8000-000000000001")
    patient = await house.patient(phone="+919876543210")
    made = await house.booked(doctor, patient, NINE)
    assert await house.outbox() == [
        (
            "appointment.booked",
            {
                "appointment_id": made["id"],
                "version": 1,
                "patient_id": patient,
                "patient_name": "Huzaifa",
                "patient_email": "h@example.com",
                "patient_phone": "+919876543210",
                "doctor_id": doctor,
                "doctor_name": "Dr. Huzaifa",
                "department_id": "018f0000-0000-7000-8000-000000000001",
                "consultation_fee": "100.00",
                "slot": NINE,
                "end": "2026-03-02T09:30:00Z",
                "status": "PENDING",
                "previous_status": None,
                "treats": True,
                "imported": False,
            },
        )
    ]


async def test_the_booking_is_the_first_line_of_the_history(house):
    made = await house.booked(await house.doctor(), await house.patient(), NINE)
    found = await house.ask(HISTORY, house.as_desk, id=made["id"])
    assert found["appointment"]["history"] == [
        {
            "from": None,
            "to": "PENDING",
            "at": "2026-03-02T06:00:00Z",
            "byAccountId": "account-of-receptionist",
            "reason": None,
            "slot": NINE,
        }
    ]


async def test_it_refuses_a_taken_slot(house):
    doctor = await house.doctor()
    await house.booked(doctor, await house.patient(), NINE)
    payload = await house.book(doctor, await house.patient(), NINE)
    assert payload["appointment"] is None
    assert (codes(payload), payload["errors"][0]["field"]) == (["SLOT_TAKEN"], ["slot"])
    assert await count(house) == 1


async def test_it_refuses_a_patient_who_is_elsewhere_then(house):
    patient, other = await house.patient(), await house.doctor(slot_minutes=20)
    await house.booked(await house.doctor(), patient, NINE)
    assert codes(await house.book(other, patient, "2026-03-02T09:20:00Z")) == ["PATIENT_BUSY"]
    assert codes(await house.book(other, patient, "2026-03-02T09:40:00Z")) == []


async def test_what_was_booked_holds_its_time_when_slots_get_shorter(house):
    doctor = await house.doctor()
    await house.booked(doctor, await house.patient(), NINE)
    await house.doctor(doctor, slot_minutes=20)
    assert codes(await house.book(doctor, await house.patient(), "2026-03-02T09:20:00Z")) == ["SLOT_TAKEN"]
    assert codes(await house.book(doctor, await house.patient(), "2026-03-02T09:40:00Z")) == []


@pytest.mark.parametrize(
    ("slot", "code"),
    [
        ("2026-03-02T05:30:00Z", "SLOT_IN_PAST"),
        ("2026-03-02T09:10:00Z", "OUTSIDE_AVAILABILITY"),
        ("2026-03-02T09:00:00.000001Z", "OUTSIDE_AVAILABILITY"),
        ("2026-03-02T08:30:00Z", "OUTSIDE_AVAILABILITY"),
        ("2026-03-02T17:00:00Z", "OUTSIDE_AVAILABILITY"),
        ("9999-12-31T23:59:59Z", "OUTSIDE_AVAILABILITY"),
        ("0001-01-01T00:00:00Z", "SLOT_IN_PAST"),
        ("2026-03-03T11:30:00Z", "DOCTOR_ON_LEAVE"),
        ("2026-03-03T12:30:00Z", "DOCTOR_ON_LEAVE"),
    ],
)
async def test_it_refuses_what_is_no_open_slot(house, slot, code):
    away = leave(datetime(2026, 3, 3, 11, 45, tzinfo=UTC), 1)
    payload = await house.book(await house.doctor(leave=[away]), await house.patient(), slot)
    assert (codes(payload), payload["errors"][0]["field"]) == ([code], ["slot"])
    assert (await count(house), await house.announced()) == (0, [])


async def test_the_end_of_the_day_is_where_the_last_slot_ends(house):
    doctor, patient = await house.doctor(slot_minutes=45), await house.patient()
    assert codes(await house.book(doctor, patient, "2026-03-02T16:30:00Z")) == ["OUTSIDE_AVAILABILITY"]
    assert codes(await house.book(doctor, patient, "2026-03-02T15:45:00Z")) == []


async def test_a_slot_that_begins_now_can_still_be_booked(house, clock):
    clock.at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert codes(await house.book(await house.doctor(), await house.patient(), NINE)) == []


async def test_it_refuses_an_inactive_doctor_and_a_dead_patient_together(house):
    doctor = await house.doctor(active=False)
    patient = await house.patient(deceased_at=datetime(2026, 3, 1, tzinfo=UTC))
    payload = await house.book(doctor, patient, NINE)
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [
        ("INVALID_INPUT", ["doctorId"]),
        ("INVALID_INPUT", ["patientId"]),
    ]


async def test_it_knows_no_doctor_and_no_patient_of_an_unknown_id(house):
    for unknown in ("018f0000-0000-7000-8000-00000000dead", "nobody", "", "\0", "\ud800", "' OR 1=1 --", "x" * 999):
        payload = await house.book(unknown, unknown, NINE)
        assert [(error["code"], error["field"]) for error in payload["errors"]] == [
            ("NOT_FOUND", ["patientId"]),
            ("NOT_FOUND", ["doctorId"]),
        ]


async def test_a_patient_cannot_book_for_another_and_that_is_noted(house):
    doctor, patient, other = await house.doctor(), await house.patient(), await house.patient()
    payload = await house.book(doctor, other, NINE, house.as_patient(patient))
    assert (codes(payload), payload["errors"][0]["field"]) == (["NOT_FOUND"], ["patientId"])
    ((type, denied),) = await house.outbox()
    assert (type, denied["deed"], denied["denied_id"]) == ("access.denied", "bookAppointment", other)
    assert await count(house) == 0


async def test_the_answer_is_the_same_where_there_is_no_such_patient(house):
    doctor, patient, other = await house.doctor(), await house.patient(), await house.patient()
    hidden = await house.book(doctor, other, NINE, house.as_patient(patient))
    assert await house.book(doctor, new_id(), NINE, house.as_patient(patient)) == hidden
    assert await house.announced() == ["access.denied"]


async def test_the_desk_names_the_patient(house):
    wanted = {"doctorId": await house.doctor(), "slot": NINE}
    payload = await house.ask(
        "mutation ($input: BookAppointmentInput!) { done: bookAppointment(input: $input) { errors { code field } } }",
        house.as_desk,
        input=wanted,
    )
    assert payload["done"]["errors"] == [{"code": "INVALID_INPUT", "field": ["patientId"]}]


@pytest.mark.parametrize("notes", ["x" * 4001, "a\0b", "\ud800", "bell \a"])
async def test_it_refuses_notes_that_are_no_text(house, notes):
    payload = await house.book(await house.doctor(), await house.patient(), NINE, notes=notes)
    assert (codes(payload), payload["errors"][0]["field"]) == (["INVALID_INPUT"], ["notes"])


async def test_notes_may_have_lines_and_be_blank(house):
    doctor = await house.doctor()
    made = await house.booked(doctor, await house.patient(), NINE, notes="one\ntwo 😀")
    assert made["notes"] == "one\ntwo 😀"
    assert (await house.booked(doctor, await house.patient(), "2026-03-02T09:30:00Z", notes=" \n"))["notes"] is None


async def test_booking_needs_no_other_domain(house):
    """Nothing but the copies is asked: they were fed by events long before."""
    doctor, patient = await house.doctor(time_zone="Asia/Kolkata"), await house.patient()
    made = await house.booked(doctor, patient, "2026-03-02T14:30:00+05:30")
    assert made["slot"] == NINE


async def test_a_key_gives_the_same_appointment_again_as_it_now_is(house):
    doctor, patient = await house.doctor(), await house.patient()
    made = await house.booked(doctor, patient, NINE, idempotencyKey="k")
    await house.do("acceptAppointment", house.as_doctor(doctor), id=made["id"])
    again = await house.booked(doctor, patient, NINE, idempotencyKey="k")
    assert (again["id"], again["status"], again["version"]) == (made["id"], "ACCEPTED", 2)
    assert await house.announced() == ["appointment.booked", "appointment.accepted"]


async def test_a_key_is_refused_with_another_input_and_is_ones_own(house):
    doctor, patient = await house.doctor(), await house.patient()
    await house.booked(doctor, patient, NINE, idempotencyKey="k")
    later = "2026-03-02T10:00:00Z"
    assert codes(await house.book(doctor, patient, later, idempotencyKey="k")) == ["IDEMPOTENCY_KEY_REUSED"]
    assert codes(await house.book(doctor, patient, later, house.as_patient(patient), idempotencyKey="k")) == []


async def test_a_refusal_keeps_no_key(house):
    doctor, patient = await house.doctor(active=False), await house.patient()
    assert codes(await house.book(doctor, patient, NINE, idempotencyKey="k")) == ["INVALID_INPUT"]
    await house.doctor(doctor)
    assert codes(await house.book(doctor, patient, NINE, idempotencyKey="k")) == []


async def test_a_doctor_of_whom_the_news_is_on_its_way_is_awaited(house):
    doctor, patient = new_id(), await house.patient()

    async def bring(keys) -> None:
        await house.doctor(doctor)

    house.domain.base.arrivals.bring = bring
    assert (await house.booked(doctor, patient, "2026-03-02T09:00:00Z"))["status"] == "PENDING"


async def test_who_is_unknown_when_all_news_is_here_is_not_found(house):
    brought = []

    async def bring(keys) -> None:
        brought.append(keys)

    house.domain.base.arrivals.bring = bring
    doctor, patient = new_id(), new_id()
    payload = await house.book(doctor, patient, "2026-03-02T09:00:00Z")
    assert codes(payload) == ["NOT_FOUND", "NOT_FOUND"]
    assert brought == [{doctor, patient}]
    assert await house.announced() == []
