"""The GraphQL types and inputs of accounts."""

from datetime import datetime
from enum import Enum
from typing import Self, TypeAlias

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.accounts.service.grants import BEARER, Grant
from subgraphs.accounts.tables import AccountRow
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.refusals import Refusal

strawberry.enum(RoleName, name="Role")
Role: TypeAlias = RoleName


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    WEAK_PASSWORD = "WEAK_PASSWORD"  # noqa: S105  (the name of a problem)
    INVALID_CREDENTIALS = "INVALID_CREDENTIALS"
    SESSION_EXPIRED = "SESSION_EXPIRED"


@strawberry.federation.type(shareable=True)
class UserError(Refusal[ErrorCode]):
    codes = ErrorCode


@strawberry.enum
class StaffRole(Enum):
    RECEPTIONIST = "RECEPTIONIST"
    BILLING_CLERK = "BILLING_CLERK"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Patient:
    id: strawberry.ID


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Doctor:
    id: strawberry.ID


@strawberry.type
class Account:
    id: strawberry.ID
    email: str
    role: Role
    disabled: bool
    created_at: datetime

    @classmethod
    def of(cls, row: AccountRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            email=row.email,
            role=Role(row.role),
            disabled=row.disabled_at is not None,
            created_at=row.created_at,
        )


@strawberry.type
class Viewer:
    account: Account
    patient: Patient | None
    doctor: Doctor | None

    @classmethod
    def of(cls, row: AccountRow) -> Self:
        return cls(
            account=Account.of(row),
            patient=None if row.patient_id is None else Patient(id=strawberry.ID(row.patient_id)),
            doctor=None if row.doctor_id is None else Doctor(id=strawberry.ID(row.doctor_id)),
        )


@strawberry.type
class Session:
    access_token: str
    refresh_token: str
    token_type: str
    expires_in: int
    account: Account

    @classmethod
    def of(cls, grant: Grant) -> Self:
        return cls(
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            token_type=BEARER,
            expires_in=grant.expires_in_seconds,
            account=Account.of(grant.account),
        )


@strawberry.input
class SignInInput:
    email: str
    password: str


@strawberry.input
class InviteAccountInput:
    patient_id: strawberry.ID | None = strawberry.UNSET
    doctor_id: strawberry.ID | None = strawberry.UNSET


@strawberry.input
class DisableAccountInput:
    id: strawberry.ID
    reason: str


@strawberry.input
class ChangePasswordInput:
    current_password: str
    new_password: str


@strawberry.input
class RequestPasswordResetInput:
    email: str


@strawberry.input
class ResetPasswordInput:
    token: str
    new_password: str


@strawberry.input
class RefreshSessionInput:
    refresh_token: str


@strawberry.input
class CreateStaffAccountInput:
    email: str
    password: str
    role: StaffRole
    idempotency_key: str | None = strawberry.UNSET


@strawberry.type
class SessionPayload:
    session: Session | None
    errors: list[UserError]


@strawberry.type
class SignOutPayload:
    errors: list[UserError]


@strawberry.type
class RequestPasswordResetPayload:
    errors: list[UserError]


@strawberry.type
class AccountPayload:
    account: Account | None
    errors: list[UserError]
