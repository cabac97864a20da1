"""The laws of slots and states. `wall` is what the clock on the doctor's wall shows."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.appointments import rules
from subgraphs.appointments.rules import FINAL, MOVES, Hours, InvalidTransition, Schedule, Span, Status
from subgraphs.kernel.errors import BadUserInput, Refused

ZONES = (
    *("UTC", "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"),
    *("America/Santiago", "America/Havana", "Asia/Gaza", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham"),
)
ONE_DAY = timedelta(days=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def day_of_change(zone: ZoneInfo, year: int, place: int) -> date:
    """One of the days of that year on which the clock of the zone changes, or its first day where there is none."""
    first = date(year, 1, 1)
    days = [first + number * ONE_DAY for number in range(365)]
    found = [day for day in days if midnight(day, zone).utcoffset() != midnight(day + ONE_DAY, zone).utcoffset()]
    return found[place % len(found)] if found else first


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)


@st.composite
def hours_of_a_day(draw) -> tuple[tuple[int, int], ...]:
    """Up to three intervals of minutes that do not overlap, multiples of five, the last perhaps to midnight."""
    edges = sorted(draw(st.sets(st.integers(0, 288), min_size=2, max_size=6)))
    return tuple((start * 5, end * 5) for start, end in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def schedules(draw) -> tuple[Schedule, date]:
    """A schedule, and a day that is likely to be one of a change of clock."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day = day_of_change(zone, draw(st.integers(2005, 2040)), draw(st.integers(0, 3)))
    day += draw(st.sampled_from([-ONE_DAY, timedelta(0), timedelta(0), timedelta(0), ONE_DAY]))
    intervals = draw(hours_of_a_day())
    hours = tuple(Hours(weekday, start, end) for weekday in range(7) for start, end in intervals)
    length = timedelta(minutes=5 * draw(st.sampled_from([1, 2, 3, 4, 6, 8, 9, 12, 18, 24])))
    return Schedule(zone, length, hours, ()), day


@given(schedules())
def test_slots_never_overlap_and_last_what_they_say(case):
    schedule, day = case
    slots = [slot for shift in (-1, 0, 1) for slot in schedule.slots(day + shift * ONE_DAY)]
    assert all(slot.end - slot.start == schedule.slot_length for slot in slots)
    assert all(earlier.end <= later.start for earlier, later in pairwise(slots))


@given(schedules())
def test_slots_start_on_their_day_by_the_clock_on_the_wall(case):
    schedule, day = case
    assert {slot.start.astimezone(schedule.zone).date() for slot in schedule.slots(day)} <= {day}


@settings(max_examples=40, deadline=None)
@given(schedules())
def test_an_instant_is_a_slot_exactly_when_it_is_listed(case):
    schedule, day = case
    listed = {slot.start for shift in (-1, 0, 1) for slot in schedule.slots(day + shift * ONE_DAY)}
    start = midnight(day, schedule.zone).astimezone(UTC)
    for number in range(288):
        instant = start + number * rules.STEP
        assert (schedule.slot(instant) is not None) == (instant in listed)
        assert schedule.slot(instant + timedelta(seconds=1)) is None


@given(schedules())
def test_working_time_is_filled_with_slots(case):
    """Nothing is left but less than one slot at the end of each interval."""
    schedule, day = case
    for hours in (hours for hours in schedule.hours if hours.weekday == day.weekday()):
        span = Span(
            *(rules.instant_of(day, minute, schedule.zone) for minute in (hours.start_minute, hours.end_minute))
        )
        inside = [slot for slot in schedule.slots(day) if span.start <= slot.start < span.end]
        assert timedelta(0) <= span.end - span.start - len(inside) * schedule.slot_length < schedule.slot_length


@given(schedules())
def test_on_a_day_without_a_change_of_clock_starts_are_on_the_grid_of_the_wall(case):
    schedule, day = case
    if midnight(day, schedule.zone).utcoffset() != midnight(day + ONE_DAY, schedule.zone).utcoffset():
        return
    minutes = schedule.slot_length // timedelta(minutes=1)
    wanted = [
        start
        for hours in schedule.hours
        if hours.weekday == day.weekday()
        for start in range(hours.start_minute, hours.end_minute - minutes + 1, minutes)
    ]
    walls = [slot.start.astimezone(schedule.zone) for slot in schedule.slots(day)]
    assert [wall.hour * 60 + wall.minute for wall in walls] == wanted


@given(schedules(), st.integers(0, 1439), st.integers(0, 1439))
def test_later_on_the_wall_is_never_earlier_in_time(case, one, other):
    schedule, day = case
    first, second = (rules.instant_of(day, minute, schedule.zone) for minute in sorted((one, other)))
    assert first <= second
    shown = first.astimezone(schedule.zone).replace(tzinfo=None)
    assert shown >= datetime.combine(day, datetime.min.time()) + timedelta(minutes=min(one, other))


def walls(zone: str, day: date, start: str, end: str, minutes: int = 30) -> list[str]:
    """The starts of one day as the clock on the wall shows them, with the offset it has then."""

    def minute(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    hours = (Hours(day.weekday(), minute(start), minute(end)),)
    schedule = Schedule(ZoneInfo(zone), timedelta(minutes=minutes), hours, ())
    return [slot.start.astimezone(schedule.zone).isoformat()[11:16] for slot in schedule.slots(day)]


@pytest.mark.parametrize(
    ("zone", "day", "hours", "shown"),
    [
        ("Europe/Berlin", date(2026, 3, 29), ("01:00", "04:00"), "01:00 01:30 03:00 03:30"),
        ("Europe/Berlin", date(2026, 3, 29), ("02:30", "04:00"), "03:00 03:30"),
        ("Europe/Berlin", date(2026, 3, 29), ("00:30", "02:30"), "00:30 01:00 01:30"),
        ("Europe/Berlin", date(2026, 10, 25), ("01:30", "03:30"), "01:30 02:00 02:30 02:00 02:30 03:00"),
        ("America/New_York", date(2026, 11, 1), ("00:30", "02:00"), "00:30 01:00 01:30 01:00 01:30"),
        ("Australia/Lord_Howe", date(2026, 4, 5), ("01:00", "03:00"), "01:00 01:30 01:30 02:00 02:30"),
        ("America/Santiago", date(2026, 9, 6), ("00:00", "02:00"), "01:00 01:30"),
        ("America/Santiago", date(2026, 4, 4), ("22:30", "24:00"), "22:30 23:00 23:30 23:00 23:30"),
        ("Pacific/Apia", date(2011, 12, 30), ("09:00", "17:00"), ""),
        ("Pacific/Apia", date(2011, 12, 31), ("09:00", "10:00"), "09:00 09:30"),
        ("Asia/Kolkata", date(2026, 3, 29), ("23:00", "24:00"), "23:00 23:30"),
    ],
)
def test_a_change_of_clock_takes_slots_away_or_adds_some(zone, day, hours, shown):
    assert walls(zone, day, *hours) == shown.split()


@given(st.datetimes(), st.integers(0, 10_000))
def test_the_steps_of_a_span_are_those_that_it_touches(start, minutes):
    span = Span(start.replace(tzinfo=UTC), start.replace(tzinfo=UTC))
    try:
        span = Span(span.start, span.start + timedelta(minutes=minutes))
    except OverflowError:
        return
    seconds = [(instant - LONG_AGO).total_seconds() for instant in (span.start, span.end)]
    assert all(step * 300 < seconds[1] and (step + 1) * 300 > seconds[0] for step in span.steps)
    assert len(span.steps) <= minutes // 5 + 2
    assert len(span.steps) >= -(-minutes // 5)


@given(schedules(), st.sets(st.integers(0, 287)), st.integers(0, 288))
def test_open_slots_are_those_that_can_be_booked(case, taken_places, gone_by):
    schedule, day = case
    start = midnight(day, schedule.zone).astimezone(UTC)
    first_step, now = Span(start, start).steps.start, start + gone_by * rules.STEP
    taken = {first_step + place for place in taken_places}
    schedule = Schedule(schedule.zone, schedule.slot_length, schedule.hours, (Span(start, start + timedelta(hours=3)),))
    found = {slot.start for slot in rules.open_slots(schedule, day, day, now, taken)}
    for slot in schedule.slots(day):
        try:
            bookable = taken.isdisjoint(rules.bookable_slot(schedule, slot.start, now).steps)
        except Refused:
            bookable = False
        assert (slot.start in found) == bookable


@pytest.mark.parametrize("days", [(date.max, date.max), (date(9999, 12, 1), date.max), (date.min, date(1, 1, 31))])
def test_the_ends_of_time_hold_no_slots(days):
    every_hour = tuple(Hours(weekday, 0, 1440) for weekday in range(7))
    schedule = Schedule(ZoneInfo("Asia/Kolkata"), timedelta(hours=1), every_hour, ())
    assert rules.open_slots(schedule, *days, LONG_AGO, set()) == []
    assert isinstance(rules.span_of_days(*days).steps, range)
    rules.check_days(*days)


@pytest.mark.parametrize("days", [(date(2026, 3, 1), date(2026, 4, 1)), (date(2026, 3, 2), date(2026, 3, 1))])
def test_it_looks_at_31_days_at_the_most(days):
    rules.check_days(date(2026, 3, 1), date(2026, 3, 31))
    with pytest.raises(BadUserInput):
        rules.check_days(*days)


SOURCES = {
    "accepted": "PENDING",
    "rejected": "PENDING",
    "cancelled": "PENDING ACCEPTED",
    "checked in": "ACCEPTED",
    "completed": "ACCEPTED CHECKED_IN",
    "marked a no-show": "ACCEPTED",
    "rescheduled": "PENDING ACCEPTED",
}


@settings(max_examples=400)
@given(st.sampled_from(MOVES), st.sampled_from(Status), st.integers(-60, 60))
def test_the_table_of_states_is_that_of_the_contract(move, status, minutes_since_the_slot):
    slot = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    now = slot + timedelta(minutes=minutes_since_the_slot)
    allowed = status in SOURCES[move.done].split() and (move.done != "marked a no-show" or now >= slot)
    try:
        result = move.apply(status, slot, now)
    except InvalidTransition:
        assert not allowed
    else:
        assert allowed
        assert result is (status if move.target is None else move.target)


def test_nothing_leaves_a_final_state():
    assert {"COMPLETED", "REJECTED", "CANCELLED", "NO_SHOW"} == FINAL
    assert all(not move.sources & FINAL for move in MOVES)
