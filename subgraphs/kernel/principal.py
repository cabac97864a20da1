"""Who asks: what a checked access token says of its bearer, and where that puts them towards a patient."""

from dataclasses import dataclass
from enum import StrEnum


class RoleName(StrEnum):
    PATIENT = "PATIENT"
    DOCTOR = "DOCTOR"
    RECEPTIONIST = "RECEPTIONIST"
    BILLING_CLERK = "BILLING_CLERK"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Principal:
    """The bearer of a checked token. `name` is the e-mail of the login; `expires_at` is in Unix seconds.

    `session_id` names the session that the token was given in.
    """

    account_id: str
    role: RoleName
    name: str
    patient_id: str | None = None
    doctor_id: str | None = None
    expires_at: int = 0
    session_id: str | None = None
