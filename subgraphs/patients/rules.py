"""What holds for a patient's own data, without any I/O."""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from subgraphs.kernel.errors import BadUserInput, InvalidInput, Problem, Refused
from subgraphs.kernel.search import words

MAXIMUM_NAME, MAXIMUM_ADDRESS, MAXIMUM_EMAIL, MAXIMUM_PHONE = 200, 500, 254, 64
MAXIMUM_KILOGRAMS, MAXIMUM_CENTIMETRES = 1000, 300
EARLIEST_BIRTH = date(1850, 1, 1)
MAXIMUM_SEARCH, LEAST_PHONE_DIGITS = 200, 5

_EMAIL = re.compile(r"""[^\s@<>()\[\]\\,;:"]{1,64}@([\w-]{1,63}\.)+[\w-]{1,63}""")
_TELEPHONE = re.compile(r"[\d\s+().\-‐-―/]+")
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_MRN = re.compile(r"MRN-\d{7,18}", re.ASCII | re.IGNORECASE)
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}


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


class _Unfit(Exception):
    """What is wrong with a value, in words for who gave it."""


def checked(
    values: Mapping[str, Any], around: Surroundings, required: tuple[str, ...] = ("name", "dob")
) -> dict[str, Any]:
    """The values by attribute, as they are kept. Raises Refused with every problem, null for a required one too."""
    problems, kept = [], {}
    for attribute, value in values.items():
        try:
            kept[attribute] = _fit(attribute, value, around, required)
        except _Unfit as unfit:
            problems.append(Problem("INVALID_INPUT", str(unfit), (_FIELDS.get(attribute, attribute),)))
    if problems:
        raise Refused(*problems)
    return kept


def check_life(dob: date, deceased_at: datetime | None, around: Surroundings) -> None:
    """Raises InvalidInput for a death before the birth."""
    if deceased_at is not None and around.day_of(deceased_at) < dob:
        raise InvalidInput("Nobody dies before they are born: look at the dates of birth and death.", "deceasedAt")


def check_secret(password: str) -> None:
    """Raises InvalidInput for what is no text; how strong a password must be is for accounts to say."""
    if any(unicodedata.category(character) == "Cs" for character in password):
        raise InvalidInput("A password is made of characters.", "password")


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
    except _Unfit:
        return None


def sought(search: str | None, phone_region: str) -> Sought | None:
    """What is searched for; None for a blank search. Raises BadUserInput for one that is too long."""
    text = (search or "").strip()
    if not text:
        return None
    if len(text) > MAXIMUM_SEARCH:
        raise BadUserInput(f"`search` has {MAXIMUM_SEARCH} characters at most.")
    if _MRN.fullmatch(text):
        return Sought(mrn=text.upper())
    return Sought(phones=phones) if (phones := _phones(text, phone_region)) else Sought(words=tuple(words(text)))


def _phones(text: str, phone_region: str) -> tuple[str, ...]:
    """The digits as they stand, and those of the number abroad; none when the text is no telephone number."""
    digits = phone_digits(text) or ""
    if len(digits) < LEAST_PHONE_DIGITS or _TELEPHONE.fullmatch(text) is None:
        return ()
    try:
        return digits, _possible_number(text, phone_region)[1:]
    except _Unfit:
        return (digits,)


def _fit(attribute: str, value: Any, around: Surroundings, required: tuple[str, ...]) -> Any:
    if value is not None:
        return _RULES[attribute](value, around)
    if attribute in required:
        raise _Unfit("This must be given, and may not be null.")
    return None


def _name(text: str, around: Surroundings) -> str:
    name = _printable(text, "").strip()
    if not any(character.isalnum() for character in name) or len(name) > MAXIMUM_NAME:
        raise _Unfit(f"A name has letters, and {MAXIMUM_NAME} characters at most.")
    return name


def _address(text: str, around: Surroundings) -> str:
    """Just as it was given, blanks and lines too."""
    if not text.strip() or len(_printable(text, "\n\r\t")) > MAXIMUM_ADDRESS:
        raise _Unfit(f"An address is not blank and has {MAXIMUM_ADDRESS} characters at most.")
    return text


def _email(text: str, around: Surroundings) -> str:
    email = _printable(text, "").strip()
    if len(email) > MAXIMUM_EMAIL or _EMAIL.fullmatch(email) is None:
        raise _Unfit("An e-mail address is written like name@example.com.")
    return email


def _phone(text: str, around: Surroundings) -> str:
    phone = _printable(text, "").strip()
    if around.phone_region is not None:
        return _possible_number(phone, around.phone_region)
    if not phone or len(phone) > MAXIMUM_PHONE:
        raise _Unfit(f"A telephone number is not blank and has {MAXIMUM_PHONE} characters at most.")
    return phone


def _possible_number(text: str, region: str | None) -> str:
    """In E.164. Raises _Unfit for what cannot be dialled."""
    wrong = _Unfit("A telephone number is written like +91 98765 43210, without an extension.")
    if len(text) > MAXIMUM_PHONE or _TELEPHONE.fullmatch(text) is None:
        raise wrong
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise wrong from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise wrong
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _dob(day: date, around: Surroundings) -> date:
    if not EARLIEST_BIRTH <= day <= around.day_of(around.now):
        raise _Unfit(f"A date of birth is from {EARLIEST_BIRTH} to today.")
    return day


def _deceased_at(instant: datetime, around: Surroundings) -> datetime:
    if instant > around.now or instant.year < EARLIEST_BIRTH.year:
        raise _Unfit(f"A death is not in the future, and not before {EARLIEST_BIRTH.year}.")
    return instant


def _weight(kilograms: float, around: Surroundings) -> float:
    return _measure(kilograms, MAXIMUM_KILOGRAMS, "weight", "kilograms")


def _height(centimetres: float, around: Surroundings) -> float:
    return _measure(centimetres, MAXIMUM_CENTIMETRES, "height", "centimetres")


def _measure(value: float, maximum: int, noun: str, unit: str) -> float:
    if not math.isfinite(value) or not 0 < value <= maximum:
        raise _Unfit(f"A {noun} is more than 0 and at most {maximum} {unit}.")
    return float(value)


def _sex(sex: str, around: Surroundings) -> str:
    return Sex(sex).value


def _printable(text: str, allowed: str) -> str:
    for character in text:
        if character not in allowed and unicodedata.category(character) in _UNPRINTABLE:
            raise _Unfit("This holds a control character or a line break, which has no place here.")
    return text


_FIELDS = {"deceased_at": "deceasedAt"}
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
