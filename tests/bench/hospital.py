"""A hospital with demo data as the benches ask it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

PASSWORD = "a pass phrase for benches"

_APPOINTMENTS = """
    id mrn name email phone dob
    appointments(first: 10) {
      nodes {
        id slot end status notes
        doctor { id name specialty consultationFee department { name } }
      }
    }
"""
_BILLS = "bills(first: 10) { nodes { id number total amountPaid balance currency status createdAt } }"
SCREEN = f"query Screen($id: ID!) {{ patient(id: $id) {{ {_APPOINTMENTS} }} }}"
FULL_SCREEN = f"query FullScreen($id: ID!) {{ patient(id: $id) {{ {_APPOINTMENTS} {_BILLS} }} }}"
BOOK = """
mutation Book($patient: ID!, $doctor: ID!, $slot: DateTime!) {
  bookAppointment(input: {patientId: $patient, doctorId: $doctor, slot: $slot}) {
    appointment { id status slot } errors { code }
  }
}
"""
_SIGN_IN = """
mutation ($email: String!, $password: String!) {
  signIn(input: {email: $email, password: $password}) { session { accessToken } errors { code } }
}
"""
_REGISTER = """
mutation ($name: String!, $email: String) {
  registerPatient(input: {name: $name, dob: "1990-01-01", email: $email}) { patient { id } errors { code } }
}
"""
_SLOTS = """
query ($from: Date!, $to: Date!) {
  doctors(first: 100) {
    nodes { id email slotMinutes department { id } openSlots(from: $from, to: $to) { start } }
  }
}
"""
_DAYS_AT_A_TIME = timedelta(days=30)

Post = Callable[[str, Mapping[str, Any], Mapping[str, str]], Awaitable[Mapping[str, Any]]]
"""Sends a document, variables and headers, and gives the response."""


@dataclass(frozen=True)
class Slot:
    doctor_id: str
    department_id: str
    start: str


class Client:
    """One login."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self.bearer = ""

    async def sign_in(self, email: str) -> None:
        answer = await self.ask(_SIGN_IN, email=email, password=PASSWORD)
        self.bearer = f"Bearer {answer['signIn']['session']['accessToken']}"

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        headers = {"authorization": self.bearer} if self.bearer else {}
        answer = await self._post(document, variables, headers)
        data: dict[str, Any] | None = answer.get("data")
        if answer.get("errors") or data is None or any(_refused(payload) for payload in data.values()):
            raise SystemExit(f"The hospital refused: {answer}")
        return data

    async def own_patient(self) -> str:
        return str((await self.ask("{ viewer { patient { id } } }"))["viewer"]["patient"]["id"])

    async def new_patient(self, number: int, email: str | None = None) -> str:
        """Somebody who has no appointment yet."""
        answer = await self.ask(_REGISTER, name=f"Bench {number}", email=email)
        return str(answer["registerPatient"]["patient"]["id"])

    async def open_slots(self, doctor_email: str | None = None, *, months: int = 1) -> list[Slot]:
        """Half-hour slots to come, doctor by doctor; `doctor_email`: of that one alone."""
        first = (datetime.now(UTC) + timedelta(days=2)).date()
        slots: list[Slot] = []
        for month in range(months):
            start = first + month * (_DAYS_AT_A_TIME + timedelta(days=1))
            days = {"from": start.isoformat(), "to": (start + _DAYS_AT_A_TIME).isoformat()}
            for doctor in (await self.ask(_SLOTS, **days))["doctors"]["nodes"]:
                if doctor["slotMinutes"] == 30 and doctor_email in (None, doctor["email"]):
                    slots += _slots(doctor)
        return slots


@dataclass(frozen=True)
class Staff:
    """Who works in the hospital, each signed in."""

    desk: Client
    doctor: Client
    clerk: Client

    @classmethod
    async def of(cls, post: Post) -> "Staff":
        staff = cls(Client(post), Client(post), Client(post))
        await staff.desk.sign_in("desk@hospital.example")
        await staff.doctor.sign_in("doctor@hospital.example")
        await staff.clerk.sign_in("billing@hospital.example")
        return staff


def over_http(url: str, session: aiohttp.ClientSession) -> Post:
    async def post(document: str, variables: Mapping[str, Any], headers: Mapping[str, str]) -> Mapping[str, Any]:
        body = {"query": document, "variables": variables}
        async with session.post(f"{url}/graphql", json=body, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    return post


def _refused(payload: Any) -> bool:
    return isinstance(payload, dict) and bool(payload.get("errors"))


def _slots(doctor: Mapping[str, Any]) -> list[Slot]:
    return [Slot(doctor["id"], doctor["department"]["id"], slot["start"]) for slot in doctor["openSlots"]]
