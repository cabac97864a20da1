"""What holds for notifications, without any I/O: what is told, in which words it may be told, and when to try again."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import phonenumbers

from subgraphs.kernel.errors import BadUserInput
from subgraphs.kernel.text import is_text

FALLBACK_LOCALE = "en"
LINK_PLACEHOLDER = "[the link stands in the mail alone]"
"""Stands in a kept body where the mail has its link, which is put in when it is sent."""

REMINDED_BEFORE = timedelta(hours=24)
MOST_ATTEMPTS = 16
MAXIMUM_SUBJECT, MAXIMUM_ERROR, MAXIMUM_SOUGHT = 200, 500, 320

_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=30)
UNREACHED_WAIT = _FIRST_WAIT
_MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


class Channel(StrEnum):
    EMAIL = "EMAIL"
    SMS = "SMS"


class Status(StrEnum):
    QUEUED = "QUEUED"
    SENT = "SENT"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Variable:
    """What a template may say: `sample` stands for it in previews; `longest` is as many characters as it may have."""

    meaning: str
    sample: str
    longest: int = 40


@dataclass(frozen=True, slots=True)
class Kind:
    """One event that is told: by which channels, with which variables, and which of them must be said."""

    channels: tuple[Channel, ...]
    variables: tuple[str, ...]
    required: tuple[str, ...] = ()


VARIABLES: Mapping[str, Variable] = {
    "patient_name": Variable("the patient's name", "Huzaifa Ansari", 200),
    "doctor_name": Variable("the doctor's name", "Dr. Huzaifa Khan", 200),
    "date": Variable("the day of the appointment, in the hospital's time zone", "2026-03-02", 10),
    "time": Variable("when it begins, in the hospital's time zone", "11:30", 5),
    "time_zone": Variable("the hospital's time zone", "Asia/Kolkata"),
    "previous_date": Variable("the day that it was moved from", "2026-03-01", 10),
    "previous_time": Variable("the time that it was moved from", "09:00", 5),
    "bill_number": Variable("the number on the bill", "INV-2026-000001"),
    "amount": Variable("how much: of the bill, the payment, the refund, or what the insurance pays", "1000.0", 20),
    "currency": Variable("the currency's code", "INR", 3),
    "link": Variable("the link by which a password is chosen; in no subject", LINK_PLACEHOLDER),
}
_BOTH = (Channel.EMAIL, Channel.SMS)
_VISIT = Kind(_BOTH, ("patient_name", "doctor_name", "date", "time", "time_zone"))
_MOVED = Kind(_BOTH, (*_VISIT.variables, "previous_date", "previous_time"))
_MONEY = Kind(_BOTH, ("patient_name", "bill_number", "amount", "currency"))
_LINK = Kind((Channel.EMAIL,), ("link",), required=("link",))

KINDS: Mapping[str, Kind] = {
    "appointment.booked": _VISIT,
    "appointment.accepted": _VISIT,
    "appointment.rejected": _VISIT,
    "appointment.cancelled": _VISIT,
    "appointment.rescheduled": _MOVED,
    "appointment.reminder": _VISIT,
    "bill.created": _MONEY,
    "payment.succeeded": _MONEY,
    "payment.failed": _MONEY,
    "payment.refunded": _MONEY,
    "claim.decided": _MONEY,
    "account.invited": _LINK,
    "password.reset": _LINK,
}
"""All that goes out, and nothing else does."""

REMINDER = "appointment.reminder"


def amount_text(amount: Decimal) -> str:
    """With one decimal at the least: 1000.0, 99.95."""
    text = f"{amount:.2f}"
    return text[:-1] if text.endswith("0") else text


def day_and_time(moment: datetime, zone: ZoneInfo) -> tuple[str, str]:
    local = moment.astimezone(zone)
    return local.strftime("%Y-%m-%d"), local.strftime("%H:%M")


def mobile(phone: str | None, region: str) -> str | None:
    """The number in E.164 where an SMS may reach it."""
    try:
        number = phonenumbers.parse(phone or "", region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(number) not in _MOBILE:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def one_line(text: str) -> str:
    """What a subject may be: one line, nothing in it that breaks a line or cannot be printed."""
    printable = (" " if unicodedata.category(letter) in _UNPRINTABLE else letter for letter in text)
    return " ".join("".join(printable).split())[:MAXIMUM_SUBJECT].rstrip()


def readable(text: str) -> str:
    """Without what cannot be printed, but for the breaks of lines."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in _UNPRINTABLE)


def reason_text(error: BaseException) -> str:
    said = one_line(str(error))
    return (said or type(error).__name__)[:MAXIMUM_ERROR]


def wait_after(attempts: int) -> timedelta | None:
    """How long until the next attempt after that many; None after the last."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return min(_LONGEST_WAIT, _FIRST_WAIT * float(2 ** (attempts - 1)))


def locales(wanted: str) -> tuple[str, ...]:
    """Where a text is looked for, in order: the locale, its language, English."""
    language = re.split(r"[-_]", wanted)[0]
    return tuple(dict.fromkeys((wanted, language, FALLBACK_LOCALE)))


def sought(name: str, text: str | None) -> str | None:
    """What is looked for. Raises BadUserInput for text that nothing kept is like."""
    if text is not None and (len(text) > MAXIMUM_SOUGHT or not is_text(text)):
        raise BadUserInput(f"`{name}` is Unicode text of {MAXIMUM_SOUGHT} characters at most.")
    return text
