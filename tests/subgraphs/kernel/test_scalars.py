from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from subgraphs.kernel.errors import BadUserInput
from subgraphs.kernel.scalars import (
    parse_date,
    parse_date_time,
    parse_decimal,
    parse_time,
    print_date_time,
    print_decimal,
    print_time,
)

PARSERS = (parse_date, parse_time, parse_date_time, parse_decimal)
OFFSETS = some.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(some.dates())
def test_a_day_comes_back_as_it_was_written(day):
    assert parse_date(day.isoformat()) == day


@given(some.times())
def test_a_wall_time_comes_back_as_it_was_written(wall_time):
    assert parse_time(print_time(wall_time)) == wall_time


@given(some.datetimes(timezones=OFFSETS).filter(lambda instant: 1 < instant.year < 9999))
def test_an_instant_comes_back_the_same_and_in_utc(instant):
    parsed = parse_date_time(instant.isoformat())
    assert parsed == instant
    assert parsed.utcoffset() == timedelta(0)
    assert parse_date_time(print_date_time(parsed)) == instant
    assert print_date_time(parsed).endswith("Z")


@given(some.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_an_amount_comes_back_to_its_last_digit(amount):
    assert str(parse_decimal(print_decimal(amount))) == f"{amount:f}"


@given(some.one_of(some.text(), some.integers(), some.floats(), some.booleans(), some.none(), some.lists(some.text())))
def test_anything_is_parsed_or_is_bad_user_input(value):
    for parse in PARSERS:
        try:
            parsed = parse(value)
        except BadUserInput:
            continue
        else:
            assert isinstance(value, str)
            assert value.isascii()
            assert parsed is not None


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31",
        "2026-01-31T09:30:00",
        "2026-01-31T09:30:00+0530",
        "2026-01-31T09:30:00+05:99",
        "2026-01-31T09:30:00+24:00",
        "2026-01-31T24:00:00Z",
        "2026-01-31T09:30:60Z",
        "2026-02-30T09:30:00Z",
        "2026-01-31T09:30:00Zjunk",
        " 2026-01-31T09:30:00Z",
        "2026-01-31T09:30:00Z\n",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "20260131T093000Z",
        "٢٠٢٦-01-31T09:30:00Z",
        "now",
        "",
        "1769850000",
    ],
)
def test_it_refuses_what_is_no_instant_with_an_offset(text):
    with pytest.raises(BadUserInput):
        parse_date_time(text)


@pytest.mark.parametrize(
    "text", ["2026-02-29", "2026-1-1", "20260101", "2026-W01-1", "2026-01-01T00:00:00Z", "٢٠٢٦-01-01"]
)
def test_it_refuses_what_is_no_day(text):
    with pytest.raises(BadUserInput):
        parse_date(text)


@pytest.mark.parametrize("text", ["24:00", "9:30", "09:30Z", "09:30+05:30", "09", "0930", "09:60", "T09:30"])
def test_it_refuses_what_is_no_wall_time(text):
    with pytest.raises(BadUserInput):
        parse_time(text)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e3", "1,000.00", ".5", "5.", "+5", "٣", "", "1" * 31, 5, 5.0, True]
)
def test_it_refuses_what_is_no_exact_decimal_in_a_string(value):
    with pytest.raises(BadUserInput):
        parse_decimal(value)


def test_what_is_finer_than_a_microsecond_is_cut():
    fine = parse_date_time("2026-01-31T09:30:00.123456789+05:30")
    assert fine == datetime(2026, 1, 31, 4, 0, 0, 123456, UTC)


def test_how_values_are_printed():
    assert (
        print_date_time(datetime(2026, 1, 31, 9, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))
        == "2026-01-31T04:00:00Z"
    )
    assert (print_time(time(9, 30)), print_time(time(9, 30, 0, 5))) == ("09:30:00", "09:30:00.000005")
    assert print_decimal(Decimal("1E+3")) == "1000"
    assert parse_date("2026-01-31") == date(2026, 1, 31)
