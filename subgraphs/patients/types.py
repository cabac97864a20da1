"""The GraphQL types and inputs of patients."""

from datetime import date, datetime
from enum import Enum
from typing import Any, Self

import strawberry

from subgraphs.kernel.given import given
from subgraphs.kernel.refusals import Refusal
from subgraphs.patients.context import Info
from subgraphs.patients.rules import Sex
from subgraphs.patients.service.registering import Registration
from subgraphs.patients.tables import PatientRow

strawberry.enum(Sex)


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    WEAK_PASSWORD = "WEAK_PASSWORD"  # noqa: S105  (the name of a problem)


@strawberry.federation.type(shareable=True)
class UserError(Refusal[ErrorCode]):
    codes = ErrorCode


@strawberry.federation.type(keys=["id"])
class Patient:
    id: strawberry.ID
    mrn: str = strawberry.field(description="Medical record number: printed on paper, unique, never reused.")
    name: str
    email: str | None
    phone: str | None
    address: str | None
    dob: date
    weight: float | None = strawberry.field(description="Kilograms.")
    height: float | None = strawberry.field(description="Centimetres.")
    sex: Sex | None
    deceased_at: datetime | None = strawberry.field(description="Dead patients are booked no more and get no mail.")
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: PatientRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            mrn=row.mrn,
            name=row.name,
            email=row.email,
            phone=row.phone,
            address=row.address,
            dob=row.dob,
            weight=row.weight,
            height=row.height,
            sex=None if row.sex is None else Sex(row.sex),
            deceased_at=row.deceased_at,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Patient | None]":
        return [None if row is None else cls.of(row) for row in await info.context.loaders.visible(ids)]


@strawberry.input
class RegisterPatientInput:
    name: str
    dob: date
    sex: Sex | None = strawberry.UNSET
    email: str | None = strawberry.UNSET
    phone: str | None = strawberry.UNSET
    address: str | None = strawberry.UNSET
    weight: float | None = strawberry.UNSET
    height: float | None = strawberry.UNSET
    password: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def registration(self) -> Registration:
        own = ("name", "dob", "sex", "email", "phone", "address", "weight", "height")
        return Registration(
            values={name: given(getattr(self, name)) for name in own},
            password=given(self.password),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input
class UpdatePatientInput:
    id: strawberry.ID
    name: strawberry.Maybe[str | None]
    dob: strawberry.Maybe[date | None]
    sex: strawberry.Maybe[Sex | None]
    deceased_at: strawberry.Maybe[datetime | None]
    email: strawberry.Maybe[str | None]
    phone: strawberry.Maybe[str | None]
    address: strawberry.Maybe[str | None]
    weight: strawberry.Maybe[float | None]
    height: strawberry.Maybe[float | None]
    expected_version: int | None = strawberry.UNSET

    def changes(self) -> dict[str, Any]:
        """By attribute, what was given: a value, or None to clear."""
        own = ("name", "dob", "sex", "deceased_at", "email", "phone", "address", "weight", "height")
        fields = {name: getattr(self, name) for name in own}
        return {name: some.value for name, some in fields.items() if some is not None}


@strawberry.type
class PatientPayload:
    patient: Patient | None
    errors: list[UserError]
