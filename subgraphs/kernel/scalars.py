"""The four scalars of the contract, stricter than Strawberry's own: only what the contract writes is taken."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import strawberry
from strawberry.types.scalar import ScalarDefinition

from subgraphs.kernel.errors import BadUserInput

T = TypeVar("T")

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?", re.ASCII)
_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)


def parse_date(value: Any) -> date:
    return _parsed(value, _DATE, date.fromisoformat, 'a day such as "2026-01-31"')


def parse_time(value: Any) -> time:
    return _parsed(value, _TIME, time.fromisoformat, 'a wall time such as "09:30"')


def parse_date_time(value: Any) -> datetime:
    wanted = 'an instant with an offset such as "2026-01-31T09:30:00+05:30"'
    return _parsed(value, _DATE_TIME, _instant, wanted)


def parse_decimal(value: Any) -> Decimal:
    return _parsed(value, _DECIMAL, Decimal, 'an exact decimal in a string such as "1000.00"')


def print_date_time(value: datetime) -> str:
    """In UTC, with Z, to the microsecond where there is one."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def print_time(value: time) -> str:
    return value.isoformat(timespec="auto" if value.microsecond else "seconds")


def print_decimal(value: Decimal) -> str:
    return f"{value:f}"


def _instant(text: str) -> datetime:
    whole, dot, rest = text.upper().replace(" ", "T").partition(".")
    digits = re.match(r"\d+", rest)
    fraction = digits.group() if digits else ""
    return datetime.fromisoformat(whole + dot + fraction[:6] + rest[len(fraction) :]).astimezone(UTC)


def _parsed(value: Any, form: re.Pattern[str], parse: Callable[[str], T], wanted: str) -> T:
    if not isinstance(value, str) or form.fullmatch(value) is None:
        raise BadUserInput(f"Expected {wanted}.")
    try:
        return parse(value)
    except (ValueError, OverflowError, InvalidOperation):
        raise BadUserInput(f"Expected {wanted}: there is no such value.") from None


def scalar_map() -> dict[object, ScalarDefinition]:
    return {
        date: strawberry.scalar(name="Date", serialize=date.isoformat, parse_value=parse_date),
        datetime: strawberry.scalar(name="DateTime", serialize=print_date_time, parse_value=parse_date_time),
        time: strawberry.scalar(name="Time", serialize=print_time, parse_value=parse_time),
        Decimal: strawberry.scalar(name="Decimal", serialize=print_decimal, parse_value=parse_decimal),
    }
