"""Appointments with doctors and patients that it knows by their events, as it does in the hospital."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlmodel import select

from subgraphs.appointments.app import AppointmentsDomain, build
from subgraphs.doctors.events import DoctorRegistered, LeaveSpan, WeeklyHours
from subgraphs.kernel.events import Actor, Event, envelope
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import OutboxRow
from subgraphs.patients.events import PatientRegistered

DAILY = [WeeklyHours(weekday=day, start_minute=9 * 60, end_minute=17 * 60) for day in range(7)]
FIELDS = "id status slot end version notes reason patientEmail patient { id } doctor { id }"
BOOK = f"""
mutation ($input: BookAppointmentInput!) {{
  done: bookAppointment(input: $input) {{ appointment {{ {FIELDS} }} errors {{ code field message }} }}
}}
"""


@dataclass
class House:
    """The domain under test, and everybody in it: `as_desk`, `as_patient(id)`, … are Authorization headers."""

    domain: AppointmentsDomain
    bearer: Callable[..., str]
    send: Callable[..., Awaitable[dict[str, Any]]]
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def as_desk(self) -> str:
        return self.bearer("RECEPTIONIST")

    def as_role(self, role: str) -> str:
        return self.bearer(role)

    def as_patient(self, id: str) -> str:
        return self.bearer("PATIENT", f"account-{id[-12:]}", patient_id=id)

    def as_doctor(self, id: str) -> str:
        return self.bearer("DOCTOR", f"account-{id[-12:]}", doctor_id=id)

    async def hear(self, domain: str, fact: Event) -> None:
        message = envelope(fact, id=new_id(), domain=domain, actor=Actor(), occurred_at=self.domain.base.clock.now())
        for subscriber in self.domain.subscribers:
            await subscriber.receive([message])

    async def doctor(self, id: str | None = None, **changes: Any) -> str:
        """A doctor who works from 9 to 17 UTC each day, or an update of one."""
        doctor_id = id or new_id()
        known: dict[str, Any] = {
            "doctor_id": doctor_id,
            "version": self._next_version(doctor_id),
            "name": "Dr. Huzaifa",
            "email": "doctor@example.com",
            "specialty": "Cardiology",
            "department_id": new_id(),
            "consultation_fee": Decimal("100.00"),
            "time_zone": "UTC",
            "slot_minutes": 30,
            "active": True,
            "hours": DAILY,
            "leave": [],
        }
        await self.hear("doctors", DoctorRegistered(**(known | changes)))
        return doctor_id

    async def patient(self, id: str | None = None, **changes: Any) -> str:
        patient_id = id or new_id()
        known: dict[str, Any] = {"patient_id": patient_id, "version": self._next_version(patient_id), "name": "Huzaifa"}
        await self.hear("patients", PatientRegistered(**(known | {"email": "h@example.com"} | changes)))
        return patient_id

    async def ask(self, document: str, bearer: str | None = None, **variables: Any) -> Any:
        """The `data` of the answer, which must hold no errors. Executing eats representations: it gets its own."""
        answer = await self.send(self.domain.subgraph, document, bearer, **deepcopy(variables))
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refused(self, document: str, bearer: str | None = None, **variables: Any) -> str:
        """The code of the first error of the answer."""
        answer = await self.send(self.domain.subgraph, document, bearer, **variables)
        return answer["errors"][0]["extensions"]["code"]

    async def book(self, doctor: str, patient: str, slot: str, bearer: str | None = None, **more: Any) -> Any:
        """The payload of a booking, by the desk unless somebody else is named."""
        wanted = {"doctorId": doctor, "patientId": patient, "slot": slot, **more}
        return (await self.ask(BOOK, bearer or self.as_desk, input=wanted))["done"]

    async def booked(self, doctor: str, patient: str, slot: str, **more: Any) -> Any:
        payload = await self.book(doctor, patient, slot, **more)
        assert payload["errors"] == []
        return payload["appointment"]

    async def do(self, mutation: str, bearer: str, **wanted: Any) -> Any:
        """The payload of one of the mutations on an appointment."""
        kind = "RescheduleAppointmentInput" if "slot" in wanted else "AppointmentTransitionInput"
        document = f"""
        mutation ($input: {kind}!) {{
          done: {mutation}(input: $input) {{ appointment {{ {FIELDS} }} errors {{ code field message }} }}
        }}
        """
        return (await self.ask(document, bearer, input=wanted))["done"]

    async def outbox(self) -> list[tuple[str, dict[str, Any]]]:
        """What was announced: type and data, in order."""
        async with self.domain.base.database.reading() as session:
            rows = (await session.exec(select(OutboxRow).order_by(OutboxRow.sequence))).all()
        return [(row.type, orjson.loads(row.body)["data"]) for row in rows]

    async def announced(self) -> list[str]:
        return [type for type, _ in await self.outbox()]

    @contextmanager
    def counting(self):
        """The SQL statements that are run meanwhile."""
        statements: list[str] = []

        def count(connection, cursor, statement, *rest):
            statements.append(statement)

        event.listen(Engine, "before_cursor_execute", count)
        try:
            yield statements
        finally:
            event.remove(Engine, "before_cursor_execute", count)

    def _next_version(self, id: str) -> int:
        self.versions[id] = self.versions.get(id, 0) + 1
        return self.versions[id]


@pytest.fixture
async def house(make_base, signer, ask) -> AsyncIterator[House]:
    domain = build(await make_base("appointments"))
    yield House(domain, signer.bearer, ask)
    await domain.stream.stop()


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


def leave(start: datetime, hours: float) -> LeaveSpan:
    return LeaveSpan(leave_id=new_id(), starts_at=start, ends_at=start + timedelta(hours=hours))
