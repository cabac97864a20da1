"""What holds for appointments, without any I/O: their states, the doctor's slots, the texts that go with them.

Time. Weekly hours are wall time in the doctor's zone, and become a span of elapsed time on each day: from the instant
when the clock first shows their start to the instant when it first shows their end. Slots of the doctor's length follow
one another from that first instant on, as long as they end within the span. So no two slots overlap, and each lasts
what it says. When the clock is put forward the missing hour holds no slot (hours that begin or end in it do so at the
jump), when it is put back the doctor works the repeated hour too, and each of its slots is an instant of its own.
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from subgraphs.kernel import text
from subgraphs.kernel.errors import BadUserInput, Problem, Refused

STEP = timedelta(minutes=5)
MAXIMUM_DAYS = 31
MAXIMUM_DOCTOR_DAYS = 800
MAXIMUM_NOTES, MAXIMUM_REASON = 4000, 1000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS_WITH_SLOTS = (date(1970, 1, 2), date(9000, 1, 1))
_ONE_DAY, _ONE_SECOND = timedelta(days=1), timedelta(seconds=1)


class Status(StrEnum):
    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    CHECKED_IN = "CHECKED_IN"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"


FREES_THE_SLOT = frozenset({Status.REJECTED, Status.CANCELLED, Status.NO_SHOW})
FINAL = FREES_THE_SLOT | {Status.COMPLETED}
TREATS_NOBODY = frozenset({Status.REJECTED, Status.CANCELLED})


class InvalidTransition(Refused):
    def __init__(self, message: str) -> None:
        super().__init__(Problem("INVALID_TRANSITION", message))


class SlotTaken(Refused):
    def __init__(self) -> None:
        super().__init__(Problem("SLOT_TAKEN", "Somebody else has this slot. Choose another one.", ("slot",)))


class PatientBusy(Refused):
    def __init__(self) -> None:
        message = "The patient has another appointment at that time. Choose another slot."
        super().__init__(Problem("PATIENT_BUSY", message, ("slot",)))


class SlotInPast(Refused):
    def __init__(self) -> None:
        super().__init__(Problem("SLOT_IN_PAST", "This slot has passed. Choose a later one.", ("slot",)))


class OutsideAvailability(Refused):
    def __init__(self) -> None:
        message = "The doctor has no slot that starts then. Choose one of the doctor's open slots."
        super().__init__(Problem("OUTSIDE_AVAILABILITY", message, ("slot",)))


class DoctorOnLeave(Refused):
    def __init__(self) -> None:
        super().__init__(Problem("DOCTOR_ON_LEAVE", "The doctor is on leave then. Choose another slot.", ("slot",)))


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table of states; `target` None: the status stays. `begun`: from the slot on, not before."""

    done: str
    sources: frozenset[Status]
    target: Status | None
    begun: bool = False

    def apply(self, status: Status, slot: datetime, now: datetime) -> Status:
        """The status that follows. Raises InvalidTransition."""
        if status not in self.sources:
            raise InvalidTransition(f"An appointment that is {status} cannot be {self.done}.")
        if self.begun and now < slot:
            raise InvalidTransition(f"An appointment cannot be {self.done} before its slot begins.")
        return self.target or status


ACCEPT = Move("accepted", frozenset({Status.PENDING}), Status.ACCEPTED)
REJECT = Move("rejected", frozenset({Status.PENDING}), Status.REJECTED)
CANCEL = Move("cancelled", frozenset({Status.PENDING, Status.ACCEPTED}), Status.CANCELLED)
CHECK_IN = Move("checked in", frozenset({Status.ACCEPTED}), Status.CHECKED_IN)
COMPLETE = Move("completed", frozenset({Status.ACCEPTED, Status.CHECKED_IN}), Status.COMPLETED)
NO_SHOW = Move("marked a no-show", frozenset({Status.ACCEPTED}), Status.NO_SHOW, begun=True)
RESCHEDULE = Move("rescheduled", frozenset({Status.PENDING, Status.ACCEPTED}), None)

MOVES = (ACCEPT, REJECT, CANCEL, CHECK_IN, COMPLETE, NO_SHOW, RESCHEDULE)


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant up to, and without, another."""

    start: datetime
    end: datetime

    def overlaps(self, other: Self) -> bool:
        return self.start < other.end and other.start < self.end

    @property
    def steps(self) -> range:
        """The five-minute steps of the instants it touches: Unix minutes // 5."""
        return range((self.start - _EPOCH) // STEP, -((_EPOCH - self.end) // STEP))


@dataclass(frozen=True, slots=True)
class Hours:
    """Wall time on a weekday (0 is Monday), in minutes of the day; 1440 is its end."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a doctor works: what slots are made of."""

    zone: ZoneInfo
    slot_length: timedelta
    hours: tuple[Hours, ...]
    leave: tuple[Span, ...]

    def slots(self, day: date) -> list[Span]:
        """The slots of one day in the doctor's zone, in order, leave and bookings not looked at."""
        starts = {start for span in self._working(day) for start in self._starts(span)}
        return [Span(start, start + self.slot_length) for start in sorted(starts)]

    def slot(self, start: datetime) -> Span | None:
        """The slot that starts at that instant, if there is one."""
        if not _DAYS_WITH_SLOTS[0] <= start.date() <= _DAYS_WITH_SLOTS[1]:
            return None
        day, wanted = start.astimezone(self.zone).date(), Span(start, start + self.slot_length)
        nearby = (span for shift in (-1, 0, 1) for span in self._working(day + shift * _ONE_DAY))
        return wanted if any(self._holds(span, wanted) for span in nearby) else None

    def near(self, span: Span) -> Self:
        """The same without the leave of other times."""
        return replace(self, leave=tuple(leave for leave in self.leave if leave.overlaps(span)))

    def is_on_leave(self, slot: Span) -> bool:
        return any(slot.overlaps(leave) for leave in self.leave)

    def _working(self, day: date) -> list[Span]:
        if not _DAYS_WITH_SLOTS[0] <= day <= _DAYS_WITH_SLOTS[1]:
            return []
        return [
            Span(instant_of(day, hours.start_minute, self.zone), instant_of(day, hours.end_minute, self.zone))
            for hours in self.hours
            if hours.weekday == day.weekday()
        ]

    def _starts(self, span: Span) -> Iterator[datetime]:
        start = span.start
        while start + self.slot_length <= span.end:
            yield start
            start += self.slot_length

    def _holds(self, span: Span, slot: Span) -> bool:
        fits = span.start <= slot.start and slot.end <= span.end
        return fits and not (slot.start - span.start) % self.slot_length


def instant_of(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """When the clock of that zone first shows that minute of the day, or jumps over it."""
    wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    local = wall.replace(tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _jump(local.replace(fold=1).astimezone(UTC), instant, zone)


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second, later than `before`, at which the clock has the offset that it has at `after`."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > _ONE_SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def bookable_slot(schedule: Schedule, start: datetime, now: datetime) -> Span:
    """The slot that starts then, if one may book it. Raises SlotInPast, OutsideAvailability, DoctorOnLeave."""
    if start < now:
        raise SlotInPast
    slot = schedule.slot(start)
    if slot is None:
        raise OutsideAvailability
    if schedule.is_on_leave(slot):
        raise DoctorOnLeave
    return slot


def open_slots(schedule: Schedule, first: date, last: date, now: datetime, taken: Set[int]) -> list[Span]:
    """Every slot of those days that one may book; `taken` are the steps on which the doctor is booked."""
    days = (first + number * _ONE_DAY for number in range((last - first).days + 1))
    near = schedule.near(span_of_days(first, last))
    return [
        slot
        for day in days
        for slot in near.slots(day)
        if slot.start >= now and taken.isdisjoint(slot.steps) and not near.is_on_leave(slot)
    ]


def span_of_days(first: date, last: date) -> Span:
    """A span that holds those days in every zone, as far as there are slots on them."""
    start, end = (min(max(day, _DAYS_WITH_SLOTS[0]), _DAYS_WITH_SLOTS[1]) for day in (first, last))
    midnight = datetime.min.time()
    return Span(datetime.combine(start - _ONE_DAY, midnight, UTC), datetime.combine(end + 2 * _ONE_DAY, midnight, UTC))


def check_days(first: date, last: date) -> None:
    """Raises BadUserInput for a range that is empty or has more than 31 days."""
    if not 1 <= (last - first).days + 1 <= MAXIMUM_DAYS:
        raise BadUserInput(f"`from` and `to` span 1 to {MAXIMUM_DAYS} days, both counted.")


def check_doctor_days(spans: Iterable[tuple[date, date]]) -> None:
    """Raises BadUserInput for more in one request than a screen shows: each span is of one doctor."""
    asked = sum((last - first).days + 1 for first, last in spans)
    if asked > MAXIMUM_DOCTOR_DAYS:
        raise BadUserInput(
            f"`openSlots` of {asked} days of doctors are too many at once: ask for {MAXIMUM_DOCTOR_DAYS} at the most."
        )


def notes(given: str | None) -> str | None:
    """Raises InvalidInput."""
    return text.lines(given, "`notes`", MAXIMUM_NOTES, "notes")


def reason(given: str | None) -> str | None:
    """Raises InvalidInput."""
    return text.lines(given, "`reason`", MAXIMUM_REASON, "reason")
