"""One visit through the published port, from the sign-up to the payment."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp

from tests.e2e.hospital import DAILY, PASSWORD, Gate
from tests.e2e.sockets import listening_to

MADE = {
    "createDepartment": "department { id }",
    "createStaffAccount": "account { id }",
    "registerDoctor": "doctor { id }",
    "registerPatient": "patient { id }",
    "bookAppointment": "appointment { id status }",
    "acceptAppointment": "appointment { id status }",
    "cancelAppointment": "appointment { id status }",
    "createMedicalRecord": "medicalRecord { id revisitingDate }",
    "createBill": "bill { id total status }",
    "payBill": "payment { status }",
}
INPUTS = dict.fromkeys(("acceptAppointment", "cancelAppointment"), "AppointmentTransitionInput")

_numbers = count(1)


@dataclass(frozen=True)
class Staff:
    """Who is signed in."""

    admin: str
    clerk: str
    auditor: str
    doctor: str
    doctor_id: str


@dataclass
class Visit:
    email: str
    patient: str
    patient_id: str
    appointment: str


@dataclass(frozen=True)
class Town:
    """A hospital seen from outside: its port, and where its mail arrives."""

    gate: Gate
    mail: str

    async def done(self, mutation: str, bearer: str | None = None, /, **given: Any) -> Any:
        """What the mutation made; nobody refused it."""
        kind = INPUTS.get(mutation, mutation[0].upper() + mutation[1:] + "Input")
        document = (
            f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ {MADE[mutation]} errors {{ code message }} }} }}"
        )
        payload = (await self.gate.data(document, bearer, i=given))[mutation]
        assert payload.pop("errors") == [], (mutation, payload)
        return next(iter(payload.values()))

    async def sign_in(self, email: str) -> str:
        payload = await self._asked_in(email)
        assert payload["errors"] == []
        return f"Bearer {payload['session']['accessToken']}"

    async def is_known(self, email: str) -> bool:
        return bool((await self._asked_in(email))["errors"] == [])

    async def _asked_in(self, email: str) -> Any:
        document = """mutation ($email: String!, $password: String!) {
          signIn(input: {email: $email, password: $password}) { session { accessToken } errors { code } } }"""
        return (await self.gate.data(document, email=email, password=PASSWORD))["signIn"]

    async def hire(self, admin_email: str) -> Staff:
        admin = await self.sign_in(admin_email)
        department = await self.done("createDepartment", admin, name="Medicine")
        login = {"email": "doctor@hospital.test", "password": PASSWORD}
        work = {"specialty": "Cardiology", "departmentId": department["id"], "availability": DAILY, "timeZone": "UTC"}
        doctor = await self.done("registerDoctor", admin, name="Dr. Huzaifa", **login, **work)
        return Staff(
            admin=admin,
            clerk=await self._hired(admin, "BILLING_CLERK"),
            auditor=await self._hired(admin, "AUDITOR"),
            doctor=await self.sign_in(login["email"]),
            doctor_id=doctor["id"],
        )

    async def _hired(self, admin: str, role: str) -> str:
        email = f"{role.lower()}@hospital.test"
        await self.done("createStaffAccount", admin, email=email, password=PASSWORD, role=role)
        return await self.sign_in(email)

    async def booked(self, staff: Staff) -> Visit:
        email = f"huzaifa{next(_numbers)}@example.test"
        known = {"name": "Huzaifa", "dob": "1990-01-01", "email": email, "password": PASSWORD}
        made = await self.done("registerPatient", **known)
        patient = await self.sign_in(email)
        slot = await self._open_slot(staff.doctor_id)
        visit = await self.done("bookAppointment", patient, doctorId=staff.doctor_id, slot=slot)
        assert visit["status"] == "PENDING"
        return Visit(email, patient, made["id"], visit["id"])

    async def _open_slot(self, doctor: str) -> str:
        day = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
        document = "query ($id: ID!, $day: Date!) { doctor(id: $id) { openSlots(from: $day, to: $day) { start } } }"
        found = (await self.gate.data(document, id=doctor, day=day))["doctor"]["openSlots"]
        return str(found[0]["start"])

    async def accepted(self, staff: Staff, visit: Visit) -> None:
        """And seen by the patient, who watches."""
        now = (await self.gate.data("{ appointmentChangesCursor }", visit.patient))["appointmentChangesCursor"]
        async with listening_to(self.gate.url, visit.patient, after=now) as changes:
            made = await self.done("acceptAppointment", staff.doctor, id=visit.appointment)
            assert made["status"] == "ACCEPTED"
            assert (await changes.next(60.0))["status"] == "ACCEPTED"

    async def treated(self, staff: Staff, visit: Visit) -> None:
        found = {"description": "Routine checkup", "diagnoses": [{"code": "Z00.00"}]}
        whose = {"patientId": visit.patient_id, "appointmentId": visit.appointment}
        record = await self.done("createMedicalRecord", staff.doctor, **whose, **found)
        assert record["revisitingDate"]

    async def paid(self, staff: Staff, visit: Visit) -> None:
        amounts = {"drugsAmount": "900", "consultationFee": "100"}
        bill = await self.done("createBill", staff.clerk, appointmentId=visit.appointment, **amounts)
        assert (bill["total"], bill["status"]) == ("1000.00", "PENDING")
        key = {"idempotencyKey": visit.appointment, "method": "CARD"}
        assert (await self.done("payBill", visit.patient, billId=bill["id"], **key))["status"] == "SUCCESS"
        assert await self.bills(visit) == ["PAID"]

    async def bills(self, visit: Visit) -> list[str]:
        document = "query ($id: ID!) { patient(id: $id) { bills { nodes { status } } } }"
        found = await self.gate.data(document, visit.patient, id=visit.patient_id)
        return [bill["status"] for bill in found["patient"]["bills"]["nodes"]]

    async def lives_through(self, staff: Staff) -> Visit:
        visit = await self.booked(staff)
        await self.accepted(staff, visit)
        await self.treated(staff, visit)
        await self.paid(staff, visit)
        return visit

    async def answers(self) -> bool:
        try:
            return (await self.gate.ask("{ __typename }")).status == 200
        except aiohttp.ClientError:
            return False
