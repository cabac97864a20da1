"""What holds for logins, without any I/O: passwords, and how long things last."""

import unicodedata
from datetime import datetime, timedelta

from subgraphs.kernel import text
from subgraphs.kernel.email_address import compared, email_address
from subgraphs.kernel.errors import InvalidInput, NotFound, Problem, Refused
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.problems import checked

AUDIENCE = "hospital"
"""Whom access tokens are for."""

ACCESS_TOKEN_LASTS = timedelta(minutes=15)
SESSION_LASTS_UNUSED = timedelta(days=14)
SESSION_LASTS = timedelta(days=30)
RESET_LINK_LASTS = timedelta(hours=1)
INVITATION_LASTS = timedelta(hours=24)

FAILURES_TAKEN, FAILURES_SPAN = 10, timedelta(minutes=15)
RESET_LINKS_TAKEN, RESET_LINKS_SPAN = 10, timedelta(hours=1)

MAXIMUM_REASON = 500
ROLES_OF_SUBJECTS = frozenset({RoleName.PATIENT, RoleName.DOCTOR})
"""Whose logins are for a patient or a doctor."""
MINIMUM_PASSWORD, MAXIMUM_PASSWORD = 8, 200

_COMMON_PASSWORDS = """
password passw0rd password1 password12 password123 password1234 p@ssword p@ssw0rd pass1234 passpass
12345678 123456789 1234567890 0123456789 87654321 987654321 9876543210 123123123 12341234 11223344 12121212
1q2w3e4r 1q2w3e4r5t 1qaz2wsx qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 asdfghjk asdfghjkl zxcvbnm1
abcdefgh abcd1234 abc12345 abc123456 a1b2c3d4 iloveyou iloveyou1 sunshine princess football baseball superman
trustno1 welcome1 welcome123 letmein1 letmein123 changeme changeme1 changeme123 admin123 admin1234 administrator
computer internet whatever michelle jennifer starwars
"""


def password(given: str, email: str, field: str) -> str:
    """The password as it is hashed (NFKC). Raises Refused WEAK_PASSWORD, or INVALID_INPUT for what cannot be typed."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in given):
        raise InvalidInput("A password has no control characters.", field)
    kept = tried_password(given)
    weakness = _weakness(kept, email)
    if weakness is not None:
        raise Refused(Problem("WEAK_PASSWORD", weakness, (field,)))
    return kept


def tried_password(given: str) -> str:
    return unicodedata.normalize("NFKC", given)


def _weakness(kept: str, email: str) -> str | None:
    folded = kept.casefold()
    if not MINIMUM_PASSWORD <= len(kept) <= MAXIMUM_PASSWORD:
        return f"A password has {MINIMUM_PASSWORD} to {MAXIMUM_PASSWORD} characters."
    if folded in {email, email.partition("@")[0]}:
        return "A password is not the e-mail."
    if len(set(folded)) == 1:
        return "A password is more than one character repeated."
    if folded in _COMMON_PASSWORDS.split():
        return "This password is one of the first that anybody tries."
    return None


def credentials(email: str, given_password: str) -> tuple[str, str]:
    """A new login's e-mail and password as they are kept. Raises Refused with what is wrong with either."""
    kept = checked(
        {
            "email": lambda: compared(email_address(email, "email")),
            "password": lambda: password(given_password, compared(email), "password"),
        }
    )
    return kept["email"], kept["password"]


def reason(given: str) -> str:
    """Why something was done."""
    return text.one_line(given, "A reason", MAXIMUM_REASON, "reason")


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
