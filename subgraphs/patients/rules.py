"""What holds for a patient's own data, without any I/O."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from subgraphs.kernel import problems, text
from subgraphs.kernel.email_address import email_address
from subgraphs.kernel.errors import InvalidInput, Refused
from subgraphs.kernel.search import search_text, words

MAXIMUM_NAME, MAXIMUM_ADDRESS, MAXIMUM_PHONE = 200, 500, 64
MAXIMUM_KILOGRAMS, MAXIMUM_CENTIMETRES = 1000, 300
EARLIEST_BIRTH = date(1850, 1, 1)
LEAST_PHONE_DIGITS = 5

_TELEPHONE = re.compile(r"[\d\s+().\-‐-―/]+")
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_MRN = re.compile(r"MRN-\d{7,18}", re.ASCII | re.IGNORECASE)


class Sex(StrEnum):
    FEMALE = "FEMALE"
    MALE = "MALE"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What data is judged by. Telephone numbers are those of `phone_region`; without one they are kept as they are."""

    now: datetime
    zone: ZoneInfo
    phone_region: str | None = None

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Sought:
    """A search: one MRN, or telephone numbers (their digits), or words of a name; of nothing at all nobody is found."""

    mrn: str | None = None
    phones: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def checked(
    values: Mapping[str, Any], around: Surroundings, required: tuple[str, ...] = ("name", "dob")
) -> dict[str, Any]:
    """The values by attribute, as they are kept. Raises Refused with every problem, null for a required one too."""
    return problems.checked({name: partial(_fit, name, value, around, required) for name, value in values.items()})


def check_life(dob: date, deceased_at: datetime | None, around: Surroundings) -> None:
    """Raises InvalidInput for a death before the birth."""
    if deceased_at is not None and around.day_of(deceased_at) < dob:
        raise InvalidInput("Nobody dies before they are born: look at the dates of birth and death.", "deceasedAt")


def mrn(number: int) -> str:
    return f"MRN-{number:07d}"


def phone_digits(phone: str | None) -> str | None:
    """The digits that a telephone number is found by, in ASCII."""
    if phone is None:
        return None
    return "".join(str(unicodedata.decimal(character)) for character in phone if character.isdecimal()) or None


def reachable_phone(phone: str | None) -> str | None:
    """The number in E.164 where it says its own country (one that was imported may not), for what is sent."""
    if phone is None or _E164.fullmatch(phone):
        return phone
    try:
        return _possible_number(phone, None)
    except Refused:
        return None


def sought(search: str | None, phone_region: str) -> Sought | None:
    """What is searched for; None for a blank search. Raises BadUserInput for one that is too long."""
    wanted = search_text(search)
    if wanted is None:
        return None
    if _MRN.fullmatch(wanted):
        return Sought(mrn=wanted.upper())
    return Sought(phones=phones) if (phones := _phones(wanted, phone_region)) else Sought(words=tuple(words(wanted)))


def _phones(wanted: str, phone_region: str) -> tuple[str, ...]:
    """The digits as they stand, and those of the number abroad; none for what is no telephone number."""
    digits = phone_digits(wanted) or ""
    if len(digits) < LEAST_PHONE_DIGITS or _TELEPHONE.fullmatch(wanted) is None:
        return ()
    try:
        return digits, _possible_number(wanted, phone_region)[1:]
    except Refused:
        return (digits,)


_MISSING = {"email": "A login needs an e-mail address."}


def _fit(attribute: str, value: Any, around: Surroundings, required: tuple[str, ...]) -> Any:
    if value is not None:
        return _RULES[attribute](value, around)
    if attribute in required:
        raise InvalidInput(_MISSING.get(attribute, "This may be left out, but not be null."), attribute)
    return None


def _name(given: str, around: Surroundings) -> str:
    return text.name(given, "A name", MAXIMUM_NAME, "name")


def _address(given: str, around: Surroundings) -> str:
    """Just as it was given, blanks and lines too."""
    if text.lines(given, "An address", MAXIMUM_ADDRESS, "address") is None or len(given) > MAXIMUM_ADDRESS:
        raise InvalidInput(f"An address is not blank and has {MAXIMUM_ADDRESS} characters at most.", "address")
    return given


def _email(given: str, around: Surroundings) -> str:
    return email_address(given, "email")


def _phone(given: str, around: Surroundings) -> str:
    phone = text.one_line(given, "A telephone number", MAXIMUM_PHONE, "phone")
    return phone if around.phone_region is None else _possible_number(phone, around.phone_region)


def _possible_number(phone: str, region: str | None) -> str:
    """In E.164. Raises InvalidInput for what cannot be dialled."""
    wrong = InvalidInput("A telephone number is written like +91 98765 43210, without an extension.", "phone")
    if len(phone) > MAXIMUM_PHONE or _TELEPHONE.fullmatch(phone) is None:
        raise wrong
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        raise wrong from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise wrong
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _dob(day: date, around: Surroundings) -> date:
    if not EARLIEST_BIRTH <= day <= around.day_of(around.now):
        raise InvalidInput(f"A date of birth is from {EARLIEST_BIRTH} to today.", "dob")
    return day


def _deceased_at(instant: datetime, around: Surroundings) -> datetime:
    if instant > around.now or instant.year < EARLIEST_BIRTH.year:
        raise InvalidInput(f"A death is not in the future, and not before {EARLIEST_BIRTH.year}.", "deceasedAt")
    return instant


def _weight(kilograms: float, around: Surroundings) -> float:
    return _measure(kilograms, MAXIMUM_KILOGRAMS, "weight", "kilograms")


def _height(centimetres: float, around: Surroundings) -> float:
    return _measure(centimetres, MAXIMUM_CENTIMETRES, "height", "centimetres")


def _measure(value: float, maximum: int, noun: str, unit: str) -> float:
    if not math.isfinite(value) or not 0 < value <= maximum:
        raise InvalidInput(f"A {noun} is more than 0 and at most {maximum} {unit}.", noun)
    return float(value)


def _sex(sex: str, around: Surroundings) -> str:
    return Sex(sex).value


_RULES: dict[str, Callable[[Any, Surroundings], Any]] = {
    "name": _name,
    "dob": _dob,
    "sex": _sex,
    "email": _email,
    "phone": _phone,
    "address": _address,
    "weight": _weight,
    "height": _height,
    "deceased_at": _deceased_at,
}
