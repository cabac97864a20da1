from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.doctors import rules
from subgraphs.doctors.rules import Hours, Window
from subgraphs.kernel.errors import Refused

STEPS = st.integers(0, rules.MINUTES_A_DAY // rules.STEP_MINUTES - 1).map(lambda step: step * rules.STEP_MINUTES)
WINDOWS = st.builds(Window, st.integers(0, 6), STEPS.map(rules.wall_time), STEPS.map(rules.wall_time))
WEEKS = st.lists(WINDOWS, max_size=8)
DAY = st.lists(STEPS, unique=True, max_size=20).map(sorted)


def windows_of(hours: tuple[Hours, ...]) -> list[Window]:
    return [
        Window(each.weekday, rules.wall_time(each.start_minute), rules.wall_time(each.end_minute)) for each in hours
    ]


def minutes(windows: list[Window]) -> list[tuple[int, int]]:
    """Every five minutes that are worked, as often as they are."""
    worked = []
    for window in windows:
        start = window.start.hour * 60 + window.start.minute
        end = window.end.hour * 60 + window.end.minute or rules.MINUTES_A_DAY
        worked += [(window.weekday, minute) for minute in range(start, end, rules.STEP_MINUTES)]
    return worked


def is_refused(rule, *arguments) -> bool:
    try:
        rule(*arguments)
    except Refused:
        return True
    return False


@given(WEEKS)
@settings(max_examples=300)
def test_a_week_is_taken_exactly_when_no_minute_of_it_is_worked_twice(windows):
    backwards = any(window.start >= window.end != time(0) for window in windows)
    twice = len(set(minutes(windows))) != len(minutes(windows))
    assert is_refused(rules.weekly_hours, windows) == (backwards or twice)


@given(st.dictionaries(st.integers(0, 6), DAY), st.randoms())
def test_hours_keep_every_minute_and_stand_in_order(days, random):
    """Weeks without overlaps, in any order: pairs of the sorted times of each day."""
    windows = [
        Window(day, rules.wall_time(start), rules.wall_time(end))
        for day, times in days.items()
        for start, end in zip(times[::2], times[1::2], strict=False)
    ]
    shuffled = random.sample(windows, len(windows))
    hours = rules.weekly_hours(shuffled)
    assert list(hours) == sorted(hours)
    assert sorted(minutes(windows_of(hours))) == sorted(minutes(windows))
    assert rules.weekly_hours(windows_of(hours)) == hours


@given(st.times())
def test_times_off_the_five_minutes_are_refused(at):
    on_a_step = at.minute % 5 == 0 and at.second == 0 and at.microsecond == 0
    start_of_day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    assert is_refused(rules.weekly_hours, [Window(0, start_of_day, at)]) == (not on_a_step)


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_a_fee_has_two_decimals_and_is_within_its_bounds_or_is_refused(amount):
    try:
        fee = rules.fee(amount)
    except Refused:
        return
    assert fee.as_tuple().exponent == -2
    assert not fee.is_signed()
    assert fee <= rules.MAXIMUM_FEE
    assert abs(fee - amount) <= Decimal("0.005")


@given(st.text())
def test_what_is_taken_as_a_name_is_one_printable_line(text):
    try:
        name = rules.name(text, "A name")
    except Refused:
        return
    assert 1 <= len(name) <= rules.MAXIMUM_NAME
    assert name == name.strip()
    assert not {"\0", "\n", "\r", "\u2028"} & set(name)
    assert name.encode()


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_leave_is_never_empty_or_backwards(starts_at, ends_at):
    try:
        span = rules.leave(starts_at, ends_at)
    except Refused:
        return
    assert rules.EARLIEST <= span.starts_at < span.ends_at <= rules.LATEST


@given(st.integers(-1000, 1000))
def test_slots_come_in_five_minute_steps(minutes):
    assert is_refused(rules.slot_minutes, minutes) == (minutes not in range(5, 481, 5))


def test_the_zone_of_the_hospital_stands_for_none():
    assert rules.time_zone(None, "Asia/Kolkata") == "Asia/Kolkata"
    assert rules.time_zone("Europe/Paris", "Asia/Kolkata") == "Europe/Paris"


@pytest.mark.parametrize("instant", [datetime(1899, 12, 31, tzinfo=UTC)])
def test_leave_before_there_were_hospitals_of_ours_is_refused(instant):
    assert is_refused(rules.leave, instant, datetime(2026, 1, 1, tzinfo=UTC))
