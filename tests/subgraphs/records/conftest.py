"""Records with patients and appointments that it knows by their events, as it does in the hospital."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from subgraphs.appointments.events import AppointmentAccepted
from subgraphs.kernel.events import Actor, Envelope, Event, envelope
from subgraphs.kernel.ids import new_id
from subgraphs.patients.events import PatientRegistered
from subgraphs.records.app import RecordsDomain, build

ITEMS = "diagnoses { system code display note } medicines { name dosage duration }"
FIELDS = f"""
  id patient {{ id }} doctor {{ id }} appointment {{ id }} description {ITEMS}
  treatedAt revisitingDate version createdAt updatedAt
  versions {{ version description {ITEMS} recordedAt byAccountId reason }}
"""
PAYLOAD = f"{{ medicalRecord {{ {FIELDS} }} errors {{ code field message }} }}"
CREATE = f"mutation ($input: CreateMedicalRecordInput!) {{ done: createMedicalRecord(input: $input) {PAYLOAD} }}"
AMEND = f"mutation ($input: AmendMedicalRecordInput!) {{ done: amendMedicalRecord(input: $input) {PAYLOAD} }}"
BREAK = """
mutation ($input: BreakGlassInput!) {
  done: breakGlass(input: $input) { patient { id medicalRecordIds } expiresAt errors { code field message } }
}
"""
RECORD = f"query ($id: ID!) {{ medicalRecord(id: $id) {{ {FIELDS} }} }}"
CODES = {
    "E11.00": "Type 2 diabetes mellitus with hyperosmolarity",
    "I10": "Essential (primary) hypertension",
    "J06.9": "Acute upper respiratory infection, unspecified",
    "J45.909": "Unspecified asthma, uncomplicated",
}
PARACETAMOL = {"name": "Paracetamol", "dosage": "500mg", "duration": "5 days"}


@dataclass
class House:
    """The domain under test, and everybody in it: `as_doctor(id)`, … are Authorization headers."""

    domain: RecordsDomain
    bearer: Callable[..., str]
    send: Callable[..., Awaitable[dict[str, Any]]]
    announced_by: Callable[..., Awaitable[list[Envelope]]]
    versions: dict[str, int] = field(default_factory=dict)

    def as_role(self, role: str, **claims: str) -> str:
        return self.bearer(role, **claims)

    def as_patient(self, id: str) -> str:
        return self.bearer("PATIENT", f"account-{id[-12:]}", patient_id=id)

    def as_doctor(self, id: str) -> str:
        return self.bearer("DOCTOR", f"account-{id[-12:]}", doctor_id=id)

    async def hear(self, domain: str, fact: Event) -> None:
        message = envelope(fact, id=new_id(), domain=domain, actor=Actor(), occurred_at=self.domain.base.clock.now())
        for subscriber in self.domain.subscribers:
            await subscriber.receive([message])

    async def patient(self) -> str:
        patient_id = new_id()
        await self.hear("patients", PatientRegistered(patient_id=patient_id, version=1, name="Huzaifa"))
        return patient_id

    async def visit(self, doctor: str, patient: str, status: str = "ACCEPTED", *, of: str = "") -> str:
        """An appointment as it is announced: a new one, or what becomes of the one `of`."""
        id = of or new_id()
        self.versions[id] = self.versions.get(id, 0) + 1
        fact = AppointmentAccepted(
            appointment_id=id,
            version=self.versions[id],
            patient_id=patient,
            patient_name="Huzaifa",
            doctor_id=doctor,
            doctor_name="Dr. Huzaifa",
            department_id=new_id(),
            consultation_fee=Decimal("100.00"),
            slot=datetime(2026, 4, 1, 9, tzinfo=UTC),
            end=datetime(2026, 4, 1, 9, 30, tzinfo=UTC),
            status=status,
            treats=status not in {"REJECTED", "CANCELLED"},
        )
        await self.hear("appointments", fact)
        return id

    async def ask(self, document: str, bearer: str | None = None, **variables: Any) -> Any:
        """The `data` of the answer, which must hold no errors."""
        answer = await self.send(self.domain.subgraph, document, bearer, **deepcopy(variables))
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refused(self, document: str, bearer: str | None = None, **variables: Any) -> str:
        """The code of the first error of the answer, which holds no data."""
        answer = await self.send(self.domain.subgraph, document, bearer, **variables)
        assert answer["data"] is None or set(answer["data"].values()) == {None}
        return answer["errors"][0]["extensions"]["code"]

    async def create(self, doctor: str, patient: str, **given: Any) -> Any:
        """The payload of a new record."""
        wanted = {"patientId": patient, "description": "Routine checkup", **given}
        return (await self.ask(CREATE, self.as_doctor(doctor), input=wanted))["done"]

    async def created(self, doctor: str, patient: str, **given: Any) -> Any:
        payload = await self.create(doctor, patient, **given)
        assert payload["errors"] == []
        return payload["medicalRecord"]

    async def amend(self, doctor: str, id: str, **given: Any) -> Any:
        wanted = {"id": id, "reason": "Mistyped", **given}
        return (await self.ask(AMEND, self.as_doctor(doctor), input=wanted))["done"]

    async def break_glass(self, bearer: str, patient: str, reason: str = "Unconscious in the emergency room") -> Any:
        return (await self.ask(BREAK, bearer, input={"patientId": patient, "reason": reason}))["done"]

    async def look(self, id: str, bearer: str | None) -> Any:
        return (await self.ask(RECORD, bearer, id=id))["medicalRecord"]

    async def announced(self) -> list[Envelope]:
        return await self.announced_by(self.domain.base)

    async def reads(self) -> list[tuple[str, str | None]]:
        """Of the trail: which record was read, by which account, in order."""
        return [(m.key, m.actor.account_id) for m in await self.announced() if m.type == "medical_record.read"]


@pytest.fixture
def write_list(tmp_path) -> Callable[[dict[str, str]], Path]:
    """Writes a list of codes as set-up does."""

    def write(codes: dict[str, str]) -> Path:
        path = tmp_path / "codes.tsv"
        path.write_text("".join(f"{code}\t{display}\n" for code, display in codes.items()), "utf-8")
        return path

    return write


@pytest.fixture
async def house(make_base, write_list, signer, ask, announced_by) -> House:
    domain = build(await make_base("records"))
    await domain.service.fill_codes(write_list(CODES))
    return House(domain, signer.bearer, ask, announced_by)


@pytest.fixture
async def treated(house) -> tuple[str, str]:
    """A doctor, and a patient of theirs with an accepted appointment."""
    doctor, patient = new_id(), await house.patient()
    await house.visit(doctor, patient)
    return doctor, patient


def problems(payload: dict[str, Any]) -> list[tuple[str, list[str] | None]]:
    return [(error["code"], error["field"]) for error in payload["errors"]]
