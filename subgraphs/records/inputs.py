"""The GraphQL inputs of records, and what they mean to the use cases: apart from the types, which are many."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import strawberry

from subgraphs.kernel.given import given
from subgraphs.records import rules
from subgraphs.records.service import Amendment, NewRecord
from subgraphs.records.types import CodeSystem


@strawberry.input
class MedicineInput:
    name: str
    dosage: str
    duration: str


@strawberry.input
class DiagnosisInput:
    system: CodeSystem = CodeSystem.ICD10CM
    code: str
    display: str | None = strawberry.UNSET
    note: str | None = strawberry.UNSET


@strawberry.input
class CreateMedicalRecordInput:
    patient_id: strawberry.ID
    appointment_id: strawberry.ID | None = strawberry.UNSET
    description: str
    diagnoses: list[DiagnosisInput] = strawberry.field(default_factory=list)
    medicines: list[MedicineInput] = strawberry.field(default_factory=list)
    treated_at: datetime | None = strawberry.UNSET
    revisiting_date: date | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def meant(self) -> NewRecord:
        return NewRecord(
            patient_id=self.patient_id,
            appointment_id=given(self.appointment_id),
            description=self.description,
            diagnoses=_diagnoses(self.diagnoses),
            medicines=_medicines(self.medicines),
            treated_at=given(self.treated_at),
            revisiting_date=given(self.revisiting_date),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input
class AmendMedicalRecordInput:
    id: strawberry.ID
    reason: str
    description: strawberry.Maybe[str | None]
    diagnoses: strawberry.Maybe[list[DiagnosisInput] | None]
    medicines: strawberry.Maybe[list[MedicineInput] | None]
    revisiting_date: strawberry.Maybe[date | None]
    expected_version: int | None = strawberry.UNSET

    def meant(self) -> Amendment:
        own = ("description", "diagnoses", "medicines", "revisiting_date")
        fields = {name: getattr(self, name) for name in own}
        changes: dict[str, Any] = {name: some.value for name, some in fields.items() if some is not None}
        for name, meant in (("diagnoses", _diagnoses), ("medicines", _medicines)):
            if changes.get(name) is not None:
                changes[name] = meant(changes[name])
        return Amendment(self.id, self.reason, changes, given(self.expected_version))


@strawberry.input
class BreakGlassInput:
    patient_id: strawberry.ID
    reason: str


def _diagnoses(inputs: Iterable[DiagnosisInput]) -> tuple[rules.Diagnosis, ...]:
    return tuple(rules.Diagnosis(each.system, each.code, given(each.display), given(each.note)) for each in inputs)


def _medicines(inputs: Iterable[MedicineInput]) -> tuple[rules.Medicine, ...]:
    return tuple(rules.Medicine(each.name, each.dosage, each.duration) for each in inputs)
