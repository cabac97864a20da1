"""A login for every role, and for every doctor: it is they who accept."""

import asyncio

from hospital.demo.filling import Filling
from hospital.demo.people import DOCTOR_EMAIL, PATIENT_EMAIL
from hospital.demo.plan import Plan
from subgraphs.accounts.tables import AccountRow
from subgraphs.kernel.principal import Principal, RoleName

DESK_EMAIL = "desk@hospital.example"
LOGINS = {
    "admin@hospital.example": RoleName.ADMIN,
    DESK_EMAIL: RoleName.RECEPTIONIST,
    DOCTOR_EMAIL: RoleName.DOCTOR,
    PATIENT_EMAIL: RoleName.PATIENT,
    "billing@hospital.example": RoleName.BILLING_CLERK,
    "auditor@hospital.example": RoleName.AUDITOR,
}
"""Those that are printed."""

_PEOPLE = {RoleName.DOCTOR, RoleName.PATIENT}


def size(plan: Plan) -> int:
    """They take no time worth showing."""
    return 0


async def fill(filling: Filling) -> None:
    wanted: list[tuple[str, RoleName, str | None]] = [
        (email, role, None) for email, role in LOGINS.items() if role not in _PEOPLE
    ]
    wanted.append((PATIENT_EMAIL, RoleName.PATIENT, filling.patients[0]))
    for doctor, id in zip(filling.plan.doctors, filling.doctors, strict=True):
        wanted.append((doctor.given.email or "", RoleName.DOCTOR, id))
    filling.advanced("Logins", 0)
    create = filling.runtime.domains.accounts.service.create_login
    rows = await asyncio.gather(*(create(email, filling.password, role, subject) for email, role, subject in wanted))
    filling.logins = {row.email: _principal(row) for row in rows}


def _principal(account: AccountRow) -> Principal:
    return Principal(account.id, account.role_name, account.email, account.patient_id, account.doctor_id)
