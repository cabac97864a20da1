"""Many at once: the database lets one through."""

import asyncio
from collections import Counter

from sqlmodel import select

from subgraphs.appointments.app import build
from subgraphs.appointments.tables import AppointmentRow, ClaimRow
from subgraphs.kernel.database import Database
from subgraphs.kernel.foundation import Foundation
from tests.subgraphs.appointments.conftest import BOOK, House, codes

NINE = "2026-03-02T09:00:00Z"


async def booked(house) -> list[AppointmentRow]:
    async with house.domain.base.database.reading() as session:
        return list((await session.exec(select(AppointmentRow))).all())


async def test_of_200_people_at_once_one_gets_the_slot(house):
    doctor, crowd = await house.doctor(), [await house.patient() for _ in range(200)]
    payloads = await asyncio.gather(
        *(house.book(doctor, patient, NINE, house.as_patient(patient)) for patient in crowd)
    )
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("SLOT_TAKEN",): 199}
    assert len(await booked(house)) == 1
    assert await house.announced() == ["appointment.booked"]


async def test_one_patient_is_not_booked_twice_at_a_time(house):
    doctors, patient = [await house.doctor() for _ in range(10)], await house.patient()
    payloads = await asyncio.gather(*(house.book(doctor, patient, NINE) for doctor in doctors))
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("PATIENT_BUSY",): 9}


async def test_twenty_equal_requests_with_one_key_make_one_appointment(house):
    doctor, patient = await house.doctor(), await house.patient()
    requests = [house.book(doctor, patient, NINE, idempotencyKey="the same") for _ in range(20)]
    first, *others = await asyncio.gather(*requests)
    assert first["errors"] == []
    assert all(other == first for other in others)
    assert (len(await booked(house)), await house.announced()) == (1, ["appointment.booked"])


async def test_of_two_transitions_at_once_one_wins(house):
    doctor = await house.doctor()
    made = await house.booked(doctor, await house.patient(), NINE)
    payloads = await asyncio.gather(
        *(house.do(mutation, house.as_doctor(doctor), id=made["id"]) for mutation in ["acceptAppointment"] * 5),
        *(house.do("rejectAppointment", house.as_doctor(doctor), id=made["id"]) for _ in range(5)),
    )
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("INVALID_TRANSITION",): 9}
    assert len(await house.announced()) == 2


async def test_two_who_move_to_one_slot_do_not_both_get_it(house):
    doctor = await house.doctor()
    hours = [f"2026-03-02T{hour:02}:00:00Z" for hour in range(10, 15)]
    made = [await house.booked(doctor, await house.patient(), hour) for hour in hours]
    moves = (house.do("rescheduleAppointment", house.as_desk, id=row["id"], slot=NINE) for row in made)
    payloads = await asyncio.gather(*moves)
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("SLOT_TAKEN",): 4}
    async with house.domain.base.database.reading() as session:
        assert len((await session.exec(select(ClaimRow))).all()) == 5 * 12


async def test_a_slot_that_is_freed_meanwhile_is_not_refused(house):
    """Cancelling and booking side by side: whoever is refused was refused for a claim that stood."""
    doctor, patients = await house.doctor(), [await house.patient() for _ in range(20)]

    async def come_and_go(patient: str) -> None:
        payload = await house.book(doctor, patient, NINE)
        if payload["appointment"]:
            await house.do("cancelAppointment", house.as_desk, id=payload["appointment"]["id"])

    await asyncio.gather(*(come_and_go(patient) for patient in patients))
    assert codes(await house.book(doctor, patients[0], NINE)) == []


async def test_two_processes_with_one_database_do_not_both_book(house):
    """The same database opened twice: what decides is in it, not in this process."""
    base = house.domain.base
    second = Database(base.database.url.render_as_string(hide_password=False))
    foundation = Foundation.of(base.name, second, base.settings, base.clock, base.tokens)
    other = House(build(foundation), house.bearer, house.send)
    doctor, crowd = await house.doctor(), [await house.patient() for _ in range(20)]
    bookings = [
        (house if number % 2 else other).ask(
            BOOK, house.as_desk, input={"doctorId": doctor, "patientId": id, "slot": NINE}
        )
        for number, id in enumerate(crowd)
    ]
    payloads = [answer["done"] for answer in await asyncio.gather(*bookings)]
    await second.close()
    assert Counter(tuple(codes(payload)) for payload in payloads) == {(): 1, ("SLOT_TAKEN",): 19}
