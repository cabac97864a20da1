"""A hospital's first people, taken on over the public port: staff, patients, and the slots to book."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.hospital import DAILY, PASSWORD, Gate
from tests.e2e.lives import Staff

ADMIN, CLERK = "admin@hospital.test", "clerk@hospital.test"
SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { session { accessToken } }
}
"""


@dataclass(frozen=True)
class Hired:
    """Doctors by their e-mail, the ids of patients, and the slots that each of the doctors has."""

    doctors: dict[str, str]
    patients: list[str]
    slots: list[str] = field(repr=False)

    async def signed_in(self, gate: Gate) -> Staff:
        admin, clerk, *others = [await signed_in(gate, email) for email in (ADMIN, CLERK, *self.doctors)]
        return Staff(gate, admin, clerk, dict(zip(self.doctors.values(), others, strict=True)))


async def hire(gate: Gate, doctors: int = 2, patients: int = 6) -> Hired:
    """The administrator has a login already. Every patient has an e-mail address and a telephone."""
    admin = await signed_in(gate, ADMIN)
    await made(gate, admin, "createStaffAccount", "account", email=CLERK, password=PASSWORD, role="BILLING_CLERK")
    department = await made(gate, admin, "createDepartment", "department", name="Medicine")
    work = {"specialty": "Cardiology", "departmentId": department, "timeZone": "UTC", "availability": DAILY}
    emails = [f"doctor{n}@example.com" for n in range(1, doctors + 1)]
    hired = [
        await made(gate, admin, "registerDoctor", "doctor", name="Dr. Khan", email=email, password=PASSWORD, **work)
        for email in emails
    ]
    known = {"name": "Huzaifa", "dob": "1990-01-01"}
    reached = [{"email": f"p{n}@x.org", "phone": f"+9198765432{n:02}"} for n in range(patients)]
    signed_up = [await made(gate, admin, "registerPatient", "patient", **known, **each) for each in reached]
    return Hired(dict(zip(emails, hired, strict=True)), signed_up, await open_slots(gate, hired[0]))


async def signed_in(gate: Gate, email: str) -> str:
    session = (await gate.data(SIGN_IN, email=email, password=PASSWORD))["signIn"]["session"]
    return f"Bearer {session['accessToken']}"


async def made(gate: Gate, bearer: str, mutation: str, made: str, **given: Any) -> str:
    kind = mutation[0].upper() + mutation[1:] + "Input"
    document = f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ {made} {{ id }} errors {{ code }} }} }}"
    return str((await gate.data(document, bearer, i=given))[mutation][made]["id"])


async def open_slots(gate: Gate, doctor: str) -> list[str]:
    """Of a month, from the day after tomorrow on."""
    document = "query ($id: ID!, $a: Date!, $b: Date!) { doctor(id: $id) { openSlots(from: $a, to: $b) { start } } }"
    first = datetime.now(UTC).date() + timedelta(days=2)
    days = {"a": str(first), "b": str(first + timedelta(days=30))}
    return [slot["start"] for slot in (await gate.data(document, id=doctor, **days))["doctor"]["openSlots"]]
