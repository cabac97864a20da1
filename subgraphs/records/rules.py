"""What holds for medical records, without any I/O: what one may say, and when it may be written."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from subgraphs.kernel import problems, text
from subgraphs.kernel.errors import InvalidInput, Problem, Refused

MAXIMUM_DESCRIPTION, MAXIMUM_NOTE, MAXIMUM_REASON = 10_000, 1000, 1000
MAXIMUM_WORDS, MAXIMUM_CODE = 500, 64
MAXIMUM_ITEMS = 100
EARLIEST = datetime(1850, 1, 1, tzinfo=UTC)
REVISIT_AFTER = timedelta(days=7)
GLASS_BROKEN_FOR = timedelta(hours=1)
FROM_ACCEPTED_ON = frozenset({"ACCEPTED", "CHECKED_IN", "COMPLETED"})

_ICD = re.compile(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?", re.ASCII)
_SNOMED = re.compile(r"[1-9]\d{5,17}", re.ASCII)
_CATEGORY_LENGTH = 3


class CodeSystem(StrEnum):
    ICD10CM = "ICD10CM"
    SNOMED = "SNOMED"


class InvalidTransition(Refused):
    def __init__(self, message: str, *field: str) -> None:
        super().__init__(Problem("INVALID_TRANSITION", message, field))


@dataclass(frozen=True, slots=True)
class Codes:
    """What was found of some codes of ICD-10-CM: what each means, and of what is none the first that begins with it."""

    displays: dict[str, str] = field(default_factory=dict)
    first_below: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """As it is given, and as it is kept; what is kept has a display."""

    system: CodeSystem
    code: str
    display: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Medicine:
    """Only what was imported may lack `dosage` and `duration`."""

    name: str
    dosage: str | None = None
    duration: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a record is judged by."""

    now: datetime
    zone: ZoneInfo
    codes: Codes

    def knowing(self, displays: dict[str, str]) -> Self:
        """With codes that count whatever the list says of them."""
        return replace(self, codes=replace(self.codes, displays=self.codes.displays | displays))

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


Item = TypeVar("Item")
Kept = TypeVar("Kept")


def checked(given: Mapping[str, Any], around: Surroundings) -> dict[str, Any]:
    """What a new record says, as it is kept. Raises Refused with every problem."""
    values = problems.checked(
        {
            **_contents(given, around),
            "treated_at": partial(treated_at, given["treated_at"] or around.now, around),
        }
    )
    treated_on = around.day_of(values["treated_at"])
    revisiting = given["revisiting_date"] or treated_on + REVISIT_AFTER
    return values | {"revisiting_date": revisiting_date(revisiting, treated_on)}


def checked_changes(changes: Mapping[str, Any], treated: datetime, around: Surroundings) -> dict[str, Any]:
    """What is changed, by attribute, as it is kept; None clears. Raises Refused with every problem."""
    contents = {name: rule for name, rule in _contents(changes, around).items() if name in changes}
    if changes.get("revisiting_date") is not None:
        contents["revisiting_date"] = partial(revisiting_date, changes["revisiting_date"], around.day_of(treated))
    return {name: None for name in changes if name == "revisiting_date"} | problems.checked(contents)


def _contents(given: Mapping[str, Any], around: Surroundings) -> dict[str, Callable[[], Any]]:
    return {
        "description": partial(description, given.get("description")),
        "diagnoses": partial(each, "diagnoses", given.get("diagnoses") or (), partial(diagnosis, codes=around.codes)),
        "medicines": partial(each, "medicines", given.get("medicines") or (), prescribed),
    }


def each(name: str, items: Sequence[Item], rule: Callable[..., Kept]) -> tuple[Kept, ...]:
    """The items as they are kept. Raises Refused with every problem, at `name`, its place, and where in it."""
    if len(items) > MAXIMUM_ITEMS:
        raise InvalidInput(f"`{name}` are {MAXIMUM_ITEMS} at most.", name)
    kept = problems.checked({str(place): partial(rule, item, name, str(place)) for place, item in enumerate(items)})
    return tuple(kept.values())


def description(given: str | None) -> str:
    kept = text.lines(given, "`description`", MAXIMUM_DESCRIPTION, "description")
    if kept is None:
        raise InvalidInput("Say what was found and done: `description` may not be empty.", "description")
    return kept


def reason(given: str) -> str:
    kept = text.lines(given, "`reason`", MAXIMUM_REASON, "reason")
    if kept is None:
        raise InvalidInput("Say why: `reason` may not be empty.", "reason")
    return kept


def treated_at(instant: datetime, around: Surroundings) -> datetime:
    if not EARLIEST <= instant <= around.now:
        raise InvalidInput(f"`treatedAt` is not in the future, and not before {EARLIEST.year}.", "treatedAt")
    return instant


def revisiting_date(day: date, treated_on: date) -> date:
    if day < treated_on:
        raise InvalidInput(f"`revisitingDate` is not before the day of the treatment, {treated_on}.", "revisitingDate")
    return day


def diagnosis(given: Diagnosis, *path: str, codes: Codes) -> Diagnosis:
    """Raises InvalidInput for a code that is none."""
    note = text.lines(given.note, "`note`", MAXIMUM_NOTE, *path, "note")
    if given.system is CodeSystem.SNOMED:
        return Diagnosis(given.system, *_snomed(given, *path), note)
    code = icd_code(given.code)
    display = codes.displays.get(code)
    if display is None:
        raise InvalidInput(_why_no_code(given.code, code, codes), *path, "code")
    return Diagnosis(given.system, code, display, note)


def icd_codes(diagnoses: Iterable[Diagnosis]) -> set[str]:
    """Those that are to be looked up, as the list writes them."""
    return {icd_code(given.code) for given in diagnoses if given.system is CodeSystem.ICD10CM} - {""}


def icd_code(given: str) -> str:
    """As the list writes it, with a point behind the third character; "" for what cannot be a code."""
    code = given.strip().upper()[:MAXIMUM_CODE]
    if not _ICD.fullmatch(code):
        return ""
    plain = code.replace(".", "")
    return f"{plain[:_CATEGORY_LENGTH]}.{plain[_CATEGORY_LENGTH:]}" if len(plain) > _CATEGORY_LENGTH else plain


def prescribed(given: Medicine, *path: str) -> Medicine:
    """A medicine as a doctor gives it: how much and for how long belongs to it."""
    return _medicine(given, ("name", "dosage", "duration"), *path)


def medicine(given: Medicine, *path: str) -> Medicine:
    """A medicine that was imported."""
    stated = tuple(name for name in ("dosage", "duration") if getattr(given, name) is not None)
    return _medicine(given, ("name", *stated), *path)


def may_be_written(statuses: Sequence[str], *field: str) -> None:
    """Raises InvalidTransition where none of the appointments has come as far as a record needs."""
    if not FROM_ACCEPTED_ON.intersection(statuses):
        raise InvalidTransition("A record is written from an accepted appointment on, and there is none.", *field)


def _medicine(given: Medicine, stated: Sequence[str], *path: str) -> Medicine:
    values = problems.checked(
        {
            name: partial(text.one_line, getattr(given, name) or "", f"`{name}`", MAXIMUM_WORDS, *path, name)
            for name in stated
        }
    )
    return Medicine(**values)


def _snomed(given: Diagnosis, *path: str) -> tuple[str, str]:
    code = given.code.strip()
    if not _SNOMED.fullmatch(code):
        raise InvalidInput("A SNOMED code has 6 to 18 digits.", *path, "code")
    return code, text.name(given.display or "", "The `display` of a SNOMED code", MAXIMUM_WORDS, *path, "display")


def _why_no_code(given: str, code: str, codes: Codes) -> str:
    below = codes.first_below.get(code)
    if below is not None:
        return f"{code} is divided further: choose a more exact code, such as {below}."
    shown = given if len(given) <= MAXIMUM_CODE and text.is_printable(given) else "This"
    return f"{shown} is no code of ICD-10-CM."
