"""Open slots are exactly what can be booked."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subgraphs.doctors.events import WeeklyHours
from subgraphs.kernel.ids import new_id
from tests.subgraphs.appointments.conftest import leave

SLOTS = """
query ($representations: [_Any!]!, $from: Date!, $to: Date!) {
  _entities(representations: $representations) { ... on Doctor { openSlots(from: $from, to: $to) { start end } } }
}
"""
MONDAY = date(2026, 3, 2)


async def open_slots(house, *doctors: str, start: date = MONDAY, end: date = MONDAY) -> list[list[str] | None]:
    representations = [{"__typename": "Doctor", "id": id} for id in doctors]
    span = {"from": start.isoformat(), "to": end.isoformat()}
    found = await house.ask(SLOTS, None, representations=representations, **span)
    return [
        None if doctor["openSlots"] is None else [slot["start"] for slot in doctor["openSlots"]]
        for doctor in found["_entities"]
    ]


def at(hour: int, minute: int = 0) -> str:
    return f"2026-03-02T{hour:02}:{minute:02}:00Z"


async def test_they_are_the_hours_less_leave_less_what_is_taken_less_the_past(house, clock):
    away = leave(datetime(2026, 3, 2, 11, 15, tzinfo=UTC), 3)
    doctor = await house.doctor(leave=[away])
    await house.booked(doctor, await house.patient(), at(15))
    clock.at = datetime(2026, 3, 2, 9, 45, tzinfo=UTC)
    (found,) = await open_slots(house, doctor)
    assert found == [at(10), at(10, 30), at(14, 30), at(15, 30), at(16), at(16, 30)]


async def test_each_slot_has_its_end(house):
    doctor = await house.doctor(slot_minutes=60)
    answer = await house.ask(
        SLOTS,
        None,
        representations=[{"__typename": "Doctor", "id": doctor}],
        **{"from": "2026-03-02", "to": "2026-03-02"},
    )
    slots = answer["_entities"][0]["openSlots"]
    assert slots[0] == {"start": at(9), "end": at(10)}
    assert len(slots) == 8


async def test_days_are_the_doctors(house):
    doctor = await house.doctor(time_zone="Pacific/Auckland", slot_minutes=120)
    (found,) = await open_slots(house, doctor, start=date(2026, 3, 3), end=date(2026, 3, 3))
    assert found == ["2026-03-02T20:00:00Z", "2026-03-02T22:00:00Z", "2026-03-03T00:00:00Z", "2026-03-03T02:00:00Z"]


async def test_an_inactive_doctor_has_none_and_an_unknown_one_is_null(house):
    gone, unheard_of = await house.doctor(active=False), new_id()
    assert await open_slots(house, gone, unheard_of, "\0") == [[], None, None]


async def test_a_slot_that_is_given_up_is_open_again(house):
    doctor = await house.doctor()
    made = await house.booked(doctor, await house.patient(), at(9))
    assert at(9) not in (await open_slots(house, doctor))[0]
    await house.do("cancelAppointment", house.as_desk, id=made["id"])
    assert at(9) in (await open_slots(house, doctor))[0]


@pytest.mark.parametrize("end", [date(2026, 4, 2), date(2026, 3, 1), date(9999, 12, 31)])
async def test_it_refuses_more_than_31_days_and_less_than_one(house, end):
    assert len((await open_slots(house, await house.doctor(), end=date(2026, 4, 1)))[0]) == 31 * 16
    representations = [{"__typename": "Doctor", "id": new_id()}]
    variables = {"representations": representations, "from": "2026-03-02", "to": end.isoformat()}
    assert await house.refused(SLOTS, None, **variables) == "BAD_USER_INPUT"


async def test_the_end_of_time_has_no_slots(house):
    last = date(9999, 12, 31)
    assert await open_slots(house, await house.doctor(), start=last, end=last) == [[]]


@pytest.mark.parametrize("count", [1, 5])
async def test_the_slots_of_many_doctors_cost_two_statements(house, count):
    doctors = [await house.doctor() for _ in range(count)]
    with house.counting() as counted:
        assert len(await open_slots(house, *doctors, end=MONDAY + timedelta(days=30))) == count
    assert len(counted) == 2


CHANGES = [date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 25), date(2026, 11, 1)]
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]
NIGHTS = [
    WeeklyHours(weekday=day, start_minute=start, end_minute=end)
    for day in range(7)
    for start, end in ((0, 300), (1320, 1440))
]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(ZONES),
    minutes=st.sampled_from([20, 30, 35, 45]),
    day=st.sampled_from(CHANGES),
    wishes=st.lists(st.tuples(st.booleans(), st.integers(0, 500)), min_size=1, max_size=5),
)
async def test_a_slot_is_open_exactly_when_it_can_be_booked(house, zone, minutes, day, wishes):
    """Around a change of clock: a wish is granted if and only if it was listed, and is not listed after that."""
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    away = leave(midnight + timedelta(hours=3, minutes=10), 0.5)
    doctor = await house.doctor(time_zone=zone, slot_minutes=minutes, hours=NIGHTS, leave=[away])
    for from_the_list, number in wishes:
        (listed,) = await open_slots(house, doctor, start=day - timedelta(days=1), end=day + timedelta(days=1))
        anywhere = midnight + (number % 432 - 144) * timedelta(minutes=5)
        wish = listed[number % len(listed)] if from_the_list else anywhere.isoformat().replace("+00:00", "Z")
        payload = await house.book(doctor, await house.patient(), wish)
        assert (payload["errors"] == []) == (wish in listed)
        assert (
            wish not in (await open_slots(house, doctor, start=day - timedelta(days=1), end=day + timedelta(days=1)))[0]
        )


async def test_more_days_of_doctors_than_a_screen_shows_are_refused(house):
    doctor = await house.doctor()
    aliases = " ".join(f'a{n}: openSlots(from: "2026-03-0{n % 9 + 1}", to: "2026-03-31") {{ start }}' for n in range(9))
    document = f"query ($them: [_Any!]!) {{ _entities(representations: $them) {{ ... on Doctor {{ {aliases} }} }} }}"
    them = [{"__typename": "Doctor", "id": id} for id in [doctor, *(new_id() for _ in range(9))]]
    answer = await house.send(house.domain.subgraph, document, None, them=them)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
