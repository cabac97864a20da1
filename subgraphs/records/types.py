"""The GraphQL types of records; their inputs are in `inputs.py`."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import Enum
from typing import Self, TypeAlias

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.types.nodes import SelectedField, Selection

from subgraphs.kernel.pagination import Connection, connection, page_of
from subgraphs.kernel.refusals import Refusal
from subgraphs.records import rules
from subgraphs.records.context import Info
from subgraphs.records.repository import NEWEST_FIRST
from subgraphs.records.service.writing import diagnoses_of, medicines_of
from subgraphs.records.tables import AllergyRow, MedicalRecordRow, VersionRow

strawberry.enum(
    rules.CodeSystem,
    description="ICD10CM codes are checked against the code list, which gives `display`. SNOMED codes come from other"
    " systems with their own `display`.",
)
CodeSystem: TypeAlias = rules.CodeSystem


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_TRANSITION = "INVALID_TRANSITION"


@strawberry.federation.type(shareable=True)
class UserError(Refusal[ErrorCode]):
    codes = ErrorCode


@strawberry.type
class Medicine:
    name: str
    dosage: str | None
    duration: str | None

    @classmethod
    def all_of(cls, row: MedicalRecordRow | VersionRow) -> list[Self]:
        return [cls(name=each.name, dosage=each.dosage, duration=each.duration) for each in medicines_of(row)]


@strawberry.type
class Diagnosis:
    system: CodeSystem
    code: str
    display: str
    note: str | None

    @classmethod
    def all_of(cls, row: MedicalRecordRow | VersionRow) -> list[Self]:
        return [
            cls(system=each.system, code=each.code, display=each.display or "", note=each.note)
            for each in diagnoses_of(row)
        ]


@strawberry.type
class Allergy:
    id: strawberry.ID
    code: str | None
    display: str
    criticality: str | None
    recorded_at: datetime | None

    @classmethod
    def of(cls, row: AllergyRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            code=row.code,
            display=row.display,
            criticality=row.criticality,
            recorded_at=row.recorded_at,
        )


@strawberry.federation.type(keys=["id"])
class Patient:
    """Made only for who sees the patient's records; there is none for anybody else."""

    id: strawberry.ID

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Patient | None]":
        """Whether there is such a patient is for patients to say: only who may not see their records gets null."""
        seen = await info.context.loaders.sees.load_many(ids)
        return [cls(id=strawberry.ID(id)) if may else None for id, may in zip(ids, seen, strict=True)]

    @strawberry.field(description="Access as for medical records.")
    async def allergies(self, info: Info) -> list[Allergy] | None:
        return [Allergy.of(row) for row in await info.context.loaders.allergies.load(self.id)]

    @strawberry.field(description="Null for who may not read them.")
    async def medical_record_ids(self, info: Info) -> list[strawberry.ID] | None:
        return [strawberry.ID(id) for id in await info.context.loaders.record_ids.load(self.id)]

    @strawberry.field
    async def medical_records(
        self, info: Info, first: int = 20, after: str | None = strawberry.UNSET
    ) -> "Connection[MedicalRecord] | None":
        loaders, wanted = info.context.loaders, NEWEST_FIRST.request(first, after if isinstance(after, str) else None)
        page = page_of(await loaders.pages.load((self.id, wanted)), wanted)
        if _asks_for_nodes(info):
            await info.context.reads.note(*page.rows)

        async def count() -> int:
            return await loaders.counts.load(self.id)

        return connection(page, NEWEST_FIRST, MedicalRecord.of, count)


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Doctor:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"])
class Appointment:
    id: strawberry.ID

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Appointment | None]":
        return [cls(id=strawberry.ID(id)) for id in ids]

    @strawberry.field
    async def medical_record(self, info: Info) -> "MedicalRecord | None":
        row = await info.context.loaders.of_appointments.load(self.id)
        return None if row is None else await MedicalRecord.read(info, row)


@strawberry.type
class MedicalRecordVersion:
    version: int
    description: str
    diagnoses: list[Diagnosis]
    medicines: list[Medicine]
    recorded_at: datetime
    by_account_id: strawberry.ID | None
    reason: str | None

    @classmethod
    def of(cls, row: VersionRow) -> Self:
        return cls(
            version=row.version,
            description=row.description,
            diagnoses=Diagnosis.all_of(row),
            medicines=Medicine.all_of(row),
            recorded_at=row.recorded_at,
            by_account_id=None if row.by_account_id is None else strawberry.ID(row.by_account_id),
            reason=row.reason,
        )


@strawberry.type
class MedicalRecord:
    """`of` is for a record that is seen by who asks and noted as read; `read` notes it."""

    id: strawberry.ID
    patient: Patient | None
    doctor: Doctor | None
    appointment: Appointment | None
    description: str
    diagnoses: list[Diagnosis]
    medicines: list[Medicine]
    treated_at: datetime
    revisiting_date: date | None = strawberry.field(description="Seven days after `treatedAt` unless given.")
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: MedicalRecordRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            patient=Patient(id=strawberry.ID(row.patient_id)),
            doctor=Doctor(id=strawberry.ID(row.doctor_id)),
            appointment=None if row.appointment_id is None else Appointment(id=strawberry.ID(row.appointment_id)),
            description=row.description,
            diagnoses=Diagnosis.all_of(row),
            medicines=Medicine.all_of(row),
            treated_at=row.treated_at,
            revisiting_date=row.revisiting_date,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def read(cls, info: Info, row: MedicalRecordRow) -> Self:
        await info.context.reads.note(row)
        return cls.of(row)

    @strawberry.field
    async def versions(self, info: Info) -> list[MedicalRecordVersion]:
        return [MedicalRecordVersion.of(row) for row in await info.context.loaders.versions.load(self.id)]


@strawberry.type
class MedicalRecordPayload:
    medical_record: MedicalRecord | None
    errors: list[UserError]


@strawberry.type
class BreakGlassPayload:
    patient: Patient | None
    expires_at: datetime | None
    errors: list[UserError]


def _asks_for_nodes(info: Info) -> bool:
    """Whether a list's rows are to be given at all, and not only its count or its place.

    The one field may stand in several places of a document, each with a part of what is asked for.
    """
    return any(_gives_rows(field.selections) for field in info.selected_fields)


def _gives_rows(selections: Iterable[Selection]) -> bool:
    return any(
        field.name == "nodes"
        or (field.name == "edges" and any(inner.name == "node" for inner in _given(field.selections)))
        for field in _given(selections)
    )


def _given(selections: Iterable[Selection]) -> Iterator[SelectedField]:
    """The fields that are there after fragments, `@skip` and `@include`."""
    for selection in selections:
        if _is_left_out(selection):
            continue
        if isinstance(selection, SelectedField):
            yield selection
        else:
            yield from _given(selection.selections)


def _is_left_out(selection: Selection) -> bool:
    skip, include = (selection.directives.get(name, {}) for name in ("skip", "include"))
    return skip.get("if") is True or include.get("if") is False
