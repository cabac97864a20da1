"""What holds for logins, without any I/O: e-mails, passwords, and how long things last."""

import unicodedata
from datetime import datetime, timedelta

from subgraphs.kernel.errors import InvalidInput, NotFound, Problem, Refused
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import RoleName

ACCESS_TOKEN_LASTS = timedelta(minutes=15)
SESSION_LASTS_UNUSED = timedelta(days=14)
SESSION_LASTS = timedelta(days=30)
RESET_LINK_LASTS = timedelta(hours=1)
INVITATION_LASTS = timedelta(hours=24)
HOLD_LASTS = timedelta(minutes=1)

FAILURES_TAKEN, FAILURES_SPAN = 10, timedelta(minutes=15)
RESET_LINKS_TAKEN, RESET_LINKS_SPAN = 10, timedelta(hours=1)

MAXIMUM_EMAIL, MAXIMUM_REASON = 254, 500
MINIMUM_PASSWORD, MAXIMUM_PASSWORD = 8, 200

_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_NOT_IN_EMAILS = frozenset('<>()[]\\,;:"')
_COMMON_PASSWORDS = """
password passw0rd password1 password12 password123 password1234 p@ssword p@ssw0rd pass1234 passpass
12345678 123456789 1234567890 0123456789 87654321 987654321 9876543210 123123123 12341234 11223344 12121212
1q2w3e4r 1q2w3e4r5t 1qaz2wsx qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 asdfghjk asdfghjkl zxcvbnm1
abcdefgh abcd1234 abc12345 abc123456 a1b2c3d4 iloveyou iloveyou1 sunshine princess football baseball superman
trustno1 welcome1 welcome123 letmein1 letmein123 changeme changeme1 changeme123 admin123 admin1234 administrator
computer internet whatever michelle jennifer starwars
"""


def email(text: str, *field: str) -> str:
    """The e-mail as it is kept and compared: in lower case. Raises InvalidInput for what is no e-mail."""
    kept = text.strip(" ").lower()
    local, _, domain = kept.partition("@")
    if not local or not domain or "@" in domain or len(kept) > MAXIMUM_EMAIL or not _is_plain(kept):
        raise InvalidInput(f"An e-mail is a name, an @ and a domain, {MAXIMUM_EMAIL} characters at most.", *field)
    return kept


def tried_email(text: str) -> str:
    """What a sign-in is tried with, in the form that is compared; it need be no e-mail at all."""
    return text.strip(" ").lower()


def may_be_email(tried: str) -> bool:
    """Whether a login can have that e-mail at all: what cannot is not looked for."""
    return len(tried) <= MAXIMUM_EMAIL and tried.isprintable()


def _is_plain(text: str) -> bool:
    return text.isprintable() and " " not in text and not _NOT_IN_EMAILS & set(text)


def _is_printable(character: str) -> bool:
    return unicodedata.category(character) not in _UNPRINTABLE


def password(text: str, email: str, field: str) -> str:
    """The password as it is hashed (NFKC). Raises Refused WEAK_PASSWORD, or INVALID_INPUT for what cannot be typed."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise InvalidInput("A password has no control characters.", field)
    kept = unicodedata.normalize("NFKC", text)
    weakness = _weakness(kept, email)
    if weakness is not None:
        raise Refused(Problem("WEAK_PASSWORD", weakness, (field,)))
    return kept


def tried_password(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _weakness(text: str, email: str) -> str | None:
    folded = text.casefold()
    if not MINIMUM_PASSWORD <= len(text) <= MAXIMUM_PASSWORD:
        return f"A password has {MINIMUM_PASSWORD} to {MAXIMUM_PASSWORD} characters."
    if folded in {email, email.partition("@")[0]}:
        return "A password is not the e-mail."
    if len(set(folded)) == 1:
        return "A password is more than one character repeated."
    if folded in _COMMON_PASSWORDS.split():
        return "This password is one of the first that anybody tries."
    return None


def credentials(email_text: str, password_text: str) -> tuple[str, str]:
    """A new login's e-mail and password as they are kept. Raises Refused with what is wrong with either."""
    problems: list[Problem] = []
    try:
        kept_email = email(email_text, "email")
    except Refused as refused:
        problems, kept_email = [*refused.problems], ""
    try:
        kept_password = password(password_text, kept_email, "password")
    except Refused as refused:
        raise Refused(*problems, *refused.problems) from None
    if problems:
        raise Refused(*problems)
    return kept_email, kept_password


def reason(text: str) -> str:
    """Why something was done. Raises InvalidInput for nothing, too much, and what does not stand on one line."""
    kept = text.strip()
    if not 1 <= len(kept) <= MAXIMUM_REASON or not all(map(_is_printable, kept)):
        raise InvalidInput(f"A reason has 1 to {MAXIMUM_REASON} characters on one line.", "reason")
    return kept


def invited(patient_id: str | None, doctor_id: str | None) -> tuple[RoleName, str]:
    """Who is invited. Raises Refused unless exactly one is named, by what can be an id."""
    if (patient_id is None) == (doctor_id is None):
        raise InvalidInput("Name either a patient or a doctor.")
    role, subject_id = (RoleName.PATIENT, patient_id) if doctor_id is None else (RoleName.DOCTOR, doctor_id)
    if subject_id is None or not is_id(subject_id):
        raise unknown_subject(role)
    return role, subject_id


def unknown_subject(role: RoleName) -> NotFound:
    return NotFound(role.value.lower(), f"{role.value.lower()}Id")


def refresh_token_ends(now: datetime, session_ends_at: datetime) -> datetime:
    return min(now + SESSION_LASTS_UNUSED, session_ends_at)
