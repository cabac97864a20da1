"""One visit through the published port, from the sign-up to the audit trail, with its mail in the catcher."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp

from tests.e2e.hospital import DAILY, PASSWORD, Gate
from tests.e2e.sockets import listening_to

SECONDS = 60.0
TRAIL = {
    "patient.registered",
    "appointment.booked",
    "appointment.accepted",
    "medical_record.created",
    "bill.created",
    "bill.paid",
}
MAILS = ("Appointment requested for", "Appointment accepted for", "Your bill", "Payment Status - SUCCESS")
MADE = {
    "createDepartment": "department { id }",
    "createStaffAccount": "account { id }",
    "registerDoctor": "doctor { id }",
    "registerPatient": "patient { id }",
    "bookAppointment": "appointment { id status }",
    "acceptAppointment": "appointment { id status }",
    "createMedicalRecord": "medicalRecord { id revisitingDate }",
    "createBill": "bill { id total status }",
    "payBill": "payment { status }",
}
INPUTS = {"acceptAppointment": "AppointmentTransitionInput"}

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
            assert (await changes.next(SECONDS))["status"] == "ACCEPTED"

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

    async def told(self, staff: Staff, visit: Visit) -> None:
        """Each mail once, each event once in the trail, and the trail in order."""
        await _until(lambda: self._mailed(visit), list(MAILS))
        await _until(lambda: self._trail(staff, visit), TRAIL)
        chain = (await self.gate.data("{ auditChain { length intact } }", staff.auditor))["auditChain"]
        assert chain["intact"], chain

    async def _mailed(self, visit: Visit) -> list[str]:
        """How the subjects begin of what the patient was sent."""
        caught = (await self._caught("messages?limit=500"))["messages"]
        to = [each for each in caught if [whom["Address"] for whom in each["To"]] == [visit.email]]
        for each in to:
            if each["Subject"] == MAILS[-1]:
                said = (await self._caught(f"message/{each['ID']}"))["Text"]
                assert "Your payment of 1000.0 is successful!" in said, said
        begun = [next(begin for begin in MAILS if each["Subject"].startswith(begin)) for each in to]
        return sorted(begun, key=MAILS.index)

    async def _caught(self, path: str) -> Any:
        async with self.gate.session.get(f"{self.mail}/api/v1/{path}") as answer:
            return await answer.json()

    async def _trail(self, staff: Staff, visit: Visit) -> set[str]:
        document = """query ($id: ID!) { auditEvents(filter: {patientId: $id}, first: 100) { nodes { id type } } }"""
        nodes = (await self.gate.data(document, staff.auditor, id=visit.patient_id))["auditEvents"]["nodes"]
        changes = [node["type"] for node in nodes if node["type"] in TRAIL]
        assert len(changes) == len(set(changes)), changes
        return set(changes)

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


async def a_visit(town: Town, staff: Staff) -> None:
    await town.told(staff, await town.lives_through(staff))
    say("a visit: signed up, booked, accepted, treated, billed, paid, mailed, in the trail")


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)  # noqa: T201


async def _until(seen: Any, wanted: Any) -> None:
    """Raises AssertionError where it does not come to that within a minute."""
    until = time.monotonic() + SECONDS
    while (found := await seen()) != wanted:
        assert time.monotonic() < until, f"{found} is not {wanted}"
        await asyncio.sleep(0.3)
