"""FHIR's dates and instants, which may be as coarse as a year, as the hospital's days and UTC instants."""

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hospital.fhir.elements import Unreadable

_WITH_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_COARSE = re.compile(r"\d{4}(-\d\d)?")


def day(text: str | None, field: str) -> date:
    """A whole day. Raises Unreadable for a year or month alone, too: no day is made up."""
    if text is None:
        raise Unreadable(f"{field} is missing")
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{field}: {text[:40]!r} is not a whole day, such as 1980-05-31") from None


def instant(text: str, field: str, zone: ZoneInfo) -> datetime:
    """The instant in UTC; a day without a time is its first moment in the hospital's `zone`."""
    try:
        if _WITH_TIME.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
        return _first_moment(text, zone)
    except (ValueError, OverflowError):
        raise Unreadable(f"{field}: {text[:40]!r} is not an instant, such as 2020-05-31T09:30:00+02:00") from None


def earliest(text: str, field: str, zone: ZoneInfo) -> datetime:
    """As `instant`, but a year or month alone is taken as well: its first moment."""
    return instant(f"{text}-01-01"[:10] if is_coarse(text) else text, field, zone)


def is_coarse(text: str) -> bool:
    """Whether it is a year or a month alone."""
    return _COARSE.fullmatch(text) is not None


def _first_moment(text: str, zone: ZoneInfo) -> datetime:
    if not _DAY.fullmatch(text):
        raise ValueError
    return datetime.combine(date.fromisoformat(text), time.min, zone).astimezone(UTC)
