"""What holds for doctors and departments, without any I/O."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from subgraphs.kernel import text
from subgraphs.kernel.email_address import compared, email_address
from subgraphs.kernel.errors import BadUserInput, InvalidInput, Problem, Refused
from subgraphs.kernel.problems import checked

MAXIMUM_NAME = MAXIMUM_SPECIALTY = 200
MAXIMUM_REASON = 500
MAXIMUM_FEE = Decimal("1000000000.00")
STEP_MINUTES, MAXIMUM_SLOT_MINUTES = 5, 480
MINUTES_A_DAY = 1440
MAXIMUM_HOURS, MAXIMUM_LEAVE = 100, 500
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)

_CENT = Decimal("0.01")
_NO_ZONES = {"Factory", "localtime"}


@dataclass(frozen=True, slots=True)
class Window:
    """Working hours as they are given: weekday 0 is Monday; an end of 00:00 is the end of that day."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Working hours as they are kept, in minutes of the day: 1440 is its end."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts_at` until just before `ends_at`."""

    starts_at: datetime
    ends_at: datetime


def doctor(given: Mapping[str, Any], default_zone: str) -> dict[str, Any]:
    """The values of a new doctor, `department_id` apart, as they are kept. Raises Refused with every problem."""
    return checked(
        {
            "name": lambda: name(given["name"], "A doctor's name"),
            "email": lambda: compared(email_address(given["email"], "email")),
            "specialty": lambda: specialty(given["specialty"]),
            "consultation_fee": lambda: fee(given["consultation_fee"]),
            "time_zone": lambda: time_zone(given["time_zone"], default_zone),
            "slot_minutes": lambda: slot_minutes(given["slot_minutes"]),
            "hours": lambda: weekly_hours(given["hours"]),
        }
    )


def changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are to change, as they are kept. Raises Refused with every problem, null among them."""
    rules: dict[str, Callable[[Any], Any]] = {
        "name": lambda value: name(value, "A doctor's name"),
        "specialty": specialty,
        "department_id": str,
        "consultation_fee": fee,
        "slot_minutes": slot_minutes,
    }
    return checked({known: _not_null(rules[known], given[known], known) for known in rules if known in given})


def name(given: str, what: str) -> str:
    return text.name(given, what, MAXIMUM_NAME, "name")


def specialty(given: str) -> str:
    return text.name(given, "A specialty", MAXIMUM_SPECIALTY, "specialty")


def fee(amount: Decimal) -> Decimal:
    """Rounded half-even to two decimals. Raises InvalidInput for what is negative, too much, or no amount."""
    if amount.is_finite() and 0 <= amount <= MAXIMUM_FEE + 1:
        rounded = amount.quantize(_CENT, ROUND_HALF_EVEN) + Decimal("0.00")
        if rounded <= MAXIMUM_FEE:
            return rounded
    raise InvalidInput(f"A consultation fee is from 0 to {MAXIMUM_FEE}.", "consultationFee")


def time_zone(zone: str | None, default: str) -> str:
    if zone is None:
        return default
    if zone not in _zones():
        raise InvalidInput("A time zone is one of the IANA's, such as Asia/Kolkata.", "timeZone")
    return zone


def slot_minutes(minutes: int) -> int:
    if not STEP_MINUTES <= minutes <= MAXIMUM_SLOT_MINUTES or minutes % STEP_MINUTES:
        raise InvalidInput(
            f"A slot takes {STEP_MINUTES} to {MAXIMUM_SLOT_MINUTES} minutes, in steps of {STEP_MINUTES}.",
            "slotMinutes",
        )
    return minutes


def weekly_hours(windows: Sequence[Window]) -> tuple[Hours, ...]:
    """By day and time. Raises Refused with a problem for each window that is wrong or overlaps an earlier one."""
    if len(windows) > MAXIMUM_HOURS:
        raise InvalidInput(f"A week has {MAXIMUM_HOURS} spans of working hours at most.", "availability")
    each = checked({str(place): _window_rule(window, str(place)) for place, window in enumerate(windows)})
    if overlapping := _overlapping(each):
        message = "These working hours overlap others of that day."
        raise Refused(*(Problem("INVALID_INPUT", message, ("availability", place)) for place in overlapping))
    return tuple(sorted(each.values()))


def wall_time(minute: int) -> time:
    """The minute of a day as it is shown: its end is 00:00."""
    return time(minute % MINUTES_A_DAY // 60, minute % 60)


def leave(starts_at: datetime, ends_at: datetime) -> Span:
    if not starts_at < ends_at:
        raise InvalidInput("Leave ends after it begins.", "to")
    if starts_at < EARLIEST or ends_at > LATEST:
        raise InvalidInput("Leave lies between the years 1900 and 3000.", "from" if starts_at < EARLIEST else "to")
    return Span(starts_at, ends_at)


def room_for_leave(not_ended: int) -> None:
    """Raises InvalidInput where a doctor has too much leave ahead: every event carries all of it."""
    if not_ended >= MAXIMUM_LEAVE:
        raise InvalidInput(f"A doctor has {MAXIMUM_LEAVE} leaves at most that have not ended. Join some of them.")


def reason(given: str | None) -> str | None:
    return text.lines(given, "A reason", MAXIMUM_REASON, "reason")


def still_active(active: bool, *field: str) -> None:
    if not active:
        raise InvalidInput("This doctor is not active any more.", *field)


def leave_range(starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raises BadUserInput for a range in which nothing can lie."""
    if starts_at is not None and ends_at is not None and not starts_at < ends_at:
        raise BadUserInput("`to` must be after `from`.")


def _window_rule(window: Window, place: str) -> Callable[[], Hours]:
    return lambda: _hours(window, place)


def _hours(window: Window, place: str) -> Hours:
    start, end = _minute(window.start, place, "startTime"), _minute(window.end, place, "endTime") or MINUTES_A_DAY
    if not start < end:
        raise InvalidInput("Working hours end after they start (00:00 is the end of the day).", "availability", place)
    return Hours(window.weekday, start, end)


def _overlapping(each: Mapping[str, Hours]) -> list[str]:
    """The places of those that begin before an earlier one of their day has ended."""
    ends: dict[int, int] = {}
    places = []
    for place, hours in sorted(each.items(), key=lambda item: item[1]):
        if hours.start_minute < ends.get(hours.weekday, 0):
            places.append(place)
        ends[hours.weekday] = max(hours.end_minute, ends.get(hours.weekday, 0))
    return places


def _minute(at: time, *place: str) -> int:
    if at.second or at.microsecond or at.minute % STEP_MINUTES:
        message = f"Working hours start and end in steps of {STEP_MINUTES} minutes, such as 09:00 or 09:05."
        raise InvalidInput(message, "availability", *place)
    return at.hour * 60 + at.minute


def _not_null(rule: Callable[[Any], Any], value: Any, attribute: str) -> Callable[[], Any]:
    def judged() -> Any:
        if value is None:
            raise InvalidInput("This may be left out, but not be null.", _camel(attribute))
        return rule(value)

    return judged


def _camel(attribute: str) -> str:
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)
