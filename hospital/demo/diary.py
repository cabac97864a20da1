"""Three months of appointments around today: who sees whom and when, so that nobody is in two places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hospital.demo import words
from hospital.demo.people import DemoDoctor, age_on
from subgraphs.patients.rules import Sex
from subgraphs.patients.service.importing import ImportedPatient

DAYS_EACH_WAY = 45

_STEP_SECONDS = 300
_ENDINGS = (("COMPLETED", 82), ("NO_SHOW", 8), ("CANCELLED", 7), ("REJECTED", 3))
_ONE_IN_FOR_THE_FIRST = 250
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment. `status` is how it ended, or what is done with it once it is booked (PENDING: nothing)."""

    number: int
    doctor: int
    patient: int
    start: datetime
    end: datetime
    notes: str
    status: str
    reason: str | None = None


class Diary:
    """`now` parts what is over from what is booked; hours are wall time in `zone`."""

    def __init__(
        self,
        random: Random,
        doctors: Sequence[DemoDoctor],
        patients: Sequence[ImportedPatient],
        now: datetime,
        zone: ZoneInfo,
    ) -> None:
        self._random, self._doctors, self._patients, self._zone = random, doctors, patients, zone
        self.now = now
        self._busy: set[tuple[int, int]] = set()
        self._introduced: set[bool] = set()
        self._count = 0
        self._eligible = [self._whom(doctor) for doctor in doctors]

    def entries(self) -> list[Entry]:
        """In the order of time."""
        today = self.now.astimezone(self._zone).date()
        days = [today + timedelta(days=offset) for offset in range(-DAYS_EACH_WAY, DAYS_EACH_WAY + 1)]
        found = [
            entry for day in days for doctor in range(len(self._doctors)) for entry in self._day(doctor, day, today)
        ]
        return sorted(found, key=lambda entry: (entry.start, entry.number))

    def _day(self, doctor: int, day: date, today: date) -> Iterator[Entry]:
        slots = [slot for slot in self._slots(doctor, day) if not slot[0] < self.now < slot[1]]
        wanted = min(len(slots), self._how_many((day - today).days))
        for start, end in sorted(self._random.sample(slots, wanted)):
            patient = self._free_patient(doctor, start, end)
            if patient is not None:
                yield self._entry(doctor, patient, start, end)

    def _how_many(self, days_ahead: int) -> int:
        """Full days behind us, and ever emptier ones ahead."""
        if days_ahead < 0:
            return self._random.randint(1, 4)
        return self._random.randint(0, max(1, 3 - days_ahead // 10))

    def _slots(self, doctor: int, day: date) -> list[tuple[datetime, datetime]]:
        """In UTC, at the lengths and hours of that doctor."""
        given = self._doctors[doctor].given
        length, found = timedelta(minutes=given.slot_minutes), []
        for window in given.hours:
            if window.weekday == day.weekday():
                start = datetime.combine(day, window.start, self._zone)
                end = datetime.combine(day, window.end, self._zone)
                while start + length <= end:
                    found.append((start.astimezone(UTC), (start + length).astimezone(UTC)))
                    start += length
        return found

    def _whom(self, doctor: DemoDoctor) -> list[int]:
        today = self.now.date()
        people = list(enumerate(self._patients))
        match doctor.department, doctor.given.specialty:
            case "paediatrics", _:
                return [number for number, who in people if age_on(who.dob, today) < 18]
            case "gynaecology", _:
                return [number for number, who in people if who.sex is Sex.FEMALE and 16 <= age_on(who.dob, today) < 75]
            case _, "Geriatrics":
                return [number for number, who in people if age_on(who.dob, today) >= 65]
            case _:
                return [number for number, who in people if age_on(who.dob, today) >= 15]

    def _free_patient(self, doctor: int, start: datetime, end: datetime) -> int | None:
        for patient in [*self._the_first(doctor, start), *self._random.choices(self._eligible[doctor], k=_TRIES)]:
            steps = {(patient, step) for step in _steps(start, end)}
            died = self._patients[patient].deceased_at
            if not steps & self._busy and (died is None or end < died):
                self._busy |= steps
                return patient
        return None

    def _the_first(self, doctor: int, start: datetime) -> list[int]:
        """The patient whose login is printed: now and then, and at least twice with the doctor whose login is."""
        era = start < self.now
        if doctor == 0 and era not in self._introduced:
            self._introduced.add(era)
            return [0]
        wanted = self._random.randrange(_ONE_IN_FOR_THE_FIRST) == 0
        return [0] if wanted and 0 in self._eligible[doctor] else []

    def _entry(self, doctor: int, patient: int, start: datetime, end: datetime) -> Entry:
        notes = self._random.choice(words.REASONS[self._doctors[doctor].department])
        status = self._ending() if start < self.now else self._future(start)
        reason = {"REJECTED": words.REJECTIONS, "CANCELLED": words.CANCELLATIONS}.get(status)
        self._count += 1
        return Entry(
            self._count, doctor, patient, start, end, notes, status, self._random.choice(reason) if reason else None
        )

    def _ending(self) -> str:
        return self._random.choices([status for status, _ in _ENDINGS], [weight for _, weight in _ENDINGS])[0]

    def _future(self, start: datetime) -> str:
        accepted = 65 if start - self.now < timedelta(days=14) else 40
        weights = (accepted, 3, 4, 93 - accepted)
        return self._random.choices(("ACCEPTED", "REJECTED", "CANCELLED", "PENDING"), weights)[0]


def _steps(start: datetime, end: datetime) -> Iterator[int]:
    step = int(start.timestamp()) // _STEP_SECONDS
    while step * _STEP_SECONDS < end.timestamp():
        yield step
        step += 1
