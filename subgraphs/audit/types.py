"""The GraphQL types and inputs of audit."""

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.audit import access
from subgraphs.audit.repository import Wanted
from subgraphs.audit.rules import searchable
from subgraphs.audit.service import ChainState
from subgraphs.audit.tables import AuditEventRow
from subgraphs.kernel.principal import Principal

_TYPE = """
What was done: account.created|disabled|invited, session.signed_in|sign_in_failed|signed_out, password.changed|reset_requested|reset, patient.registered|updated,
doctor.registered|updated (hours and leave too)|deactivated, department.created, appointment.booked|accepted|rejected|rescheduled|cancelled|checked_in|completed|no_show,
medical_record.created|amended|read, glass.broken, bill.created|paid|voided, payment.failed|refunded, insurance_policy.added, claim.submitted|decided, template.updated, access.denied.
"""  # noqa: E501  (the contract's own lines)


@strawberry.enum
class AuditAction(Enum):
    CREATE = "CREATE"
    READ = "READ"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    EXECUTE = "EXECUTE"


@strawberry.enum
class AuditOutcome(Enum):
    SUCCESS = "SUCCESS"
    DENIED = "DENIED"
    FAILED = "FAILED"


@strawberry.enum
class Role(Enum):
    PATIENT = "PATIENT"
    DOCTOR = "DOCTOR"
    RECEPTIONIST = "RECEPTIONIST"
    BILLING_CLERK = "BILLING_CLERK"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Patient:
    id: strawberry.ID


@strawberry.type
class AuditEvent:
    id: strawberry.ID
    sequence: int = strawberry.field(description="Position in the chain, from 1, without gaps.")
    action: AuditAction
    outcome: AuditOutcome
    type: str = strawberry.field(description=_TYPE.strip())
    resource_type: str
    resource_id: strawberry.ID | None
    patient_id: strawberry.ID | None
    patient: Patient | None
    actor_id: strawberry.ID | None
    actor_name: str | None
    actor_role: Role | None
    reason: str | None
    occurred_at: datetime
    recorded_at: datetime
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, row: AuditEventRow, principal: Principal | None) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            sequence=row.sequence,
            action=AuditAction(row.action),
            outcome=AuditOutcome(row.outcome),
            type=row.type,
            resource_type=row.resource_type,
            resource_id=_id(row.resource_id),
            patient_id=_id(row.patient_id),
            patient=_patient(row.patient_id, principal),
            actor_id=_id(row.actor_id),
            actor_name=row.actor_name,
            actor_role=None if row.actor_role is None else Role(row.actor_role),
            reason=row.reason,
            occurred_at=row.occurred_at,
            recorded_at=row.recorded_at,
            previous_hash=row.previous_hash,
            hash=row.hash,
        )


@strawberry.type
class AuditChain:
    length: int
    head_hash: str
    intact: bool
    first_broken_sequence: int | None

    @classmethod
    def of(cls, state: ChainState) -> Self:
        return cls(
            length=state.head.sequence,
            head_hash=state.head.hash,
            intact=state.first_broken is None,
            first_broken_sequence=state.first_broken,
        )


@strawberry.input
class AuditEventFilter:
    type: str | None = strawberry.UNSET
    resource_type: str | None = strawberry.UNSET
    resource_id: strawberry.ID | None = strawberry.UNSET
    patient_id: strawberry.ID | None = strawberry.UNSET
    actor_id: strawberry.ID | None = strawberry.UNSET
    outcome: AuditOutcome | None = strawberry.UNSET
    from_: datetime | None = strawberry.UNSET
    to: datetime | None = strawberry.UNSET

    def wanted(self) -> Wanted:
        """Raises BadUserInput for text that cannot be looked for."""
        return Wanted(
            type=_text("type", self.type),
            resource_type=_text("resourceType", self.resource_type),
            resource_id=_text("resourceId", self.resource_id),
            patient_id=_text("patientId", self.patient_id),
            actor_id=_text("actorId", self.actor_id),
            outcome=self.outcome.value if self.outcome else None,
            occurred_from=self.from_ or None,
            occurred_before=self.to or None,
        )


def _patient(id: str | None, principal: Principal | None) -> Patient | None:
    return Patient(id=strawberry.ID(id)) if id is not None and access.shows_patient(principal, id) else None


def _id(value: str | None) -> strawberry.ID | None:
    return None if value is None else strawberry.ID(value)


def _text(name: str, value: str | None) -> str | None:
    return searchable(name, value) if isinstance(value, str) else None
