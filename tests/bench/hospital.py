"""A hospital with demo data as the benches ask it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

PASSWORD = "a pass phrase for benches"

SCREEN = """
query Screen($id: ID!) {
  patient(id: $id) {
    id mrn name email phone dob
    appointments(first: 10) {
      nodes {
        id slot end status notes
        doctor { id name specialty consultationFee department { name } }
      }
    }
  }
}
"""
BOOK = """
mutation Book($patient: ID!, $doctor: ID!, $slot: DateTime!) {
  bookAppointment(input: {patientId: $patient, doctorId: $doctor, slot: $slot}) {
    appointment { id status slot } errors { code }
  }
}
"""
_SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { session { accessToken } }
}
"""
_REGISTER = """
mutation ($name: String!) { registerPatient(input: {name: $name, dob: "1990-01-01"}) { patient { id } } }
"""
_SLOTS = """
query ($from: Date!, $to: Date!) {
  doctors(first: 100) { nodes { id slotMinutes department { id } openSlots(from: $from, to: $to) { start } } }
}
"""


@dataclass(frozen=True)
class Slot:
    doctor_id: str
    department_id: str
    start: str


class Client:
    """One login over keep-alive HTTP."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url, self._session = f"{url}/graphql", session
        self.bearer = ""

    async def sign_in(self, email: str) -> None:
        answer = await self.ask(_SIGN_IN, email=email, password=PASSWORD)
        self.bearer = f"Bearer {answer['signIn']['session']['accessToken']}"

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        headers = {"Authorization": self.bearer} if self.bearer else {}
        body = {"query": document, "variables": variables}
        async with self._session.post(self._url, json=body, headers=headers) as response:
            answer = await response.json()
        if answer.get("errors"):
            raise SystemExit(f"The hospital refused: {answer['errors']}")
        data: dict[str, Any] = answer["data"]
        return data

    async def own_patient(self) -> str:
        return str((await self.ask("{ viewer { patient { id } } }"))["viewer"]["patient"]["id"])

    async def new_patient(self, number: int) -> str:
        """Somebody who has no appointment yet."""
        answer = await self.ask(_REGISTER, name=f"Bench {number}")
        return str(answer["registerPatient"]["patient"]["id"])

    async def open_slots(self) -> list[Slot]:
        """Half-hour slots of the coming weeks, doctor by doctor."""
        tomorrow = (datetime.now(UTC) + timedelta(days=2)).date()
        days = {"from": tomorrow.isoformat(), "to": (tomorrow + timedelta(days=30)).isoformat()}
        doctors = (await self.ask(_SLOTS, **days))["doctors"]["nodes"]
        return [
            Slot(doctor["id"], doctor["department"]["id"], slot["start"])
            for doctor in doctors
            if doctor["slotMinutes"] == 30
            for slot in doctor["openSlots"]
        ]
