"""The GraphQL types of billing; their inputs are in `inputs.py`."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Self, TypeAlias

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.billing import access, rules
from subgraphs.billing.context import Info
from subgraphs.billing.report import Report
from subgraphs.billing.repository import NEWEST_OF_ONE_FIRST
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow, PolicyRow
from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection, connection, page_of
from subgraphs.kernel.refusals import Refusal

for enum in (rules.BillStatus, rules.PaymentMethod, rules.ClaimStatus):
    strawberry.enum(enum)
strawberry.enum(
    rules.PaymentStatus,
    description="PENDING: the provider has not said yet; no second charge is made meanwhile.",
)
BillStatus: TypeAlias = rules.BillStatus
PaymentMethod: TypeAlias = rules.PaymentMethod
PaymentStatus: TypeAlias = rules.PaymentStatus
ClaimStatus: TypeAlias = rules.ClaimStatus


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    ALREADY_BILLED = "ALREADY_BILLED"
    ALREADY_PAID = "ALREADY_PAID"
    AMOUNT_EXCEEDS_BALANCE = "AMOUNT_EXCEEDS_BALANCE"


@strawberry.federation.type(shareable=True)
class UserError(Refusal[ErrorCode]):
    codes = ErrorCode


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Doctor:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"])
class Patient:
    """Made only for who sees the patient's bills; there is none for anybody else."""

    id: strawberry.ID

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Patient | None]":
        """Whether there is such a patient is for patients to say."""
        seen = {id for id in ids if access.sees_bills_of(info.context.principal, id)}
        return [cls(id=strawberry.ID(id)) if id in seen else None for id in ids]

    @strawberry.field
    async def bills(
        self, info: Info, first: int = 20, after: str | None = strawberry.UNSET
    ) -> "Connection[Bill] | None":
        wanted, loaders = NEWEST_OF_ONE_FIRST.request(first, given(after)), info.context.loaders
        page = page_of(await loaders.pages.load((self.id, wanted)), wanted)

        async def count() -> int:
            return await loaders.counts.load(self.id)

        return connection(page, NEWEST_OF_ONE_FIRST, Bill.of, count)

    @strawberry.field
    async def insurance_policies(self, info: Info) -> "list[InsurancePolicy] | None":
        rows = await info.context.loaders.policies_of_patients.load(self.id)
        return [InsurancePolicy.of(row) for row in rows]


@strawberry.federation.type(keys=["id"])
class Appointment:
    id: strawberry.ID

    @classmethod
    async def resolve_references(cls, info: Info, ids: list[str]) -> "list[Appointment | None]":
        return [cls(id=strawberry.ID(id)) for id in ids]

    @strawberry.field
    async def bill(self, info: Info) -> "Bill | None":
        row = await info.context.loaders.of_appointments.load(self.id)
        return None if row is None else Bill.of(row)


@strawberry.type
class Bill:
    """`row` is seen by who asks: `of` makes no check."""

    id: strawberry.ID
    number: str = strawberry.field(description="Gap-free within a year, e.g. 2026-000017.")
    appointment: Appointment | None
    patient: Patient | None
    patient_email: str | None
    drugs_amount: Decimal
    consultation_fee: Decimal
    total: Decimal = strawberry.field(description="Computed by the server, never taken from a client.")
    amount_paid: Decimal
    balance: Decimal
    currency: str
    status: BillStatus
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: BillRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            number=row.number,
            appointment=Appointment(id=strawberry.ID(row.appointment_id)),
            patient=Patient(id=strawberry.ID(row.patient_id)),
            patient_email=row.patient_email,
            drugs_amount=row.drugs_amount,
            consultation_fee=row.consultation_fee,
            total=row.total,
            amount_paid=row.paid,
            balance=row.total - row.paid,
            currency=row.currency,
            status=BillStatus(row.status),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    @strawberry.field
    async def payments(self, info: Info) -> "list[Payment]":
        return [Payment.of(row) for row in await info.context.loaders.payments_of_bills.load(self.id)]

    @strawberry.field
    async def claims(self, info: Info) -> "list[InsuranceClaim]":
        return [InsuranceClaim.of(row) for row in await info.context.loaders.claims_of_bills.load(self.id)]


@strawberry.type
class Payment:
    id: strawberry.ID
    amount: Decimal
    method: PaymentMethod
    status: PaymentStatus
    created_at: datetime
    bill_id: strawberry.Private[str]
    claim_id: strawberry.Private[str | None]

    @classmethod
    def of(cls, row: PaymentRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            amount=row.amount,
            method=PaymentMethod(row.method),
            status=PaymentStatus(row.status),
            created_at=row.created_at,
            bill_id=row.bill_id,
            claim_id=row.claim_id,
        )

    @strawberry.field
    async def bill(self, info: Info) -> Bill:
        return Bill.of(await info.context.loaders.bills.load(self.bill_id))

    @strawberry.field
    async def claim(self, info: Info) -> "InsuranceClaim | None":
        if self.claim_id is None:
            return None
        return InsuranceClaim.of(await info.context.loaders.claims.load(self.claim_id))


@strawberry.type
class InsurancePolicy:
    id: strawberry.ID
    patient: Patient | None
    insurer: str
    policy_number: str
    coverage_percent: Decimal
    valid_from: date
    valid_to: date

    @classmethod
    def of(cls, row: PolicyRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            patient=Patient(id=strawberry.ID(row.patient_id)),
            insurer=row.insurer,
            policy_number=row.policy_number,
            coverage_percent=row.coverage_percent,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )


@strawberry.type
class InsuranceClaim:
    id: strawberry.ID
    amount: Decimal
    approved_amount: Decimal | None
    status: ClaimStatus
    reason: str | None
    created_at: datetime
    updated_at: datetime
    bill_id: strawberry.Private[str]
    policy_id: strawberry.Private[str]

    @classmethod
    def of(cls, row: ClaimRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            amount=row.amount,
            approved_amount=row.approved_amount,
            status=ClaimStatus(row.status),
            reason=row.reason,
            created_at=row.created_at,
            updated_at=row.updated_at,
            bill_id=row.bill_id,
            policy_id=row.policy_id,
        )

    @strawberry.field
    async def bill(self, info: Info) -> Bill:
        return Bill.of(await info.context.loaders.bills.load(self.bill_id))

    @strawberry.field
    async def policy(self, info: Info) -> InsurancePolicy:
        return InsurancePolicy.of(await info.context.loaders.policies.load(self.policy_id))


@strawberry.type
class BillingDay:
    day: date
    billed: Decimal
    collected: Decimal


@strawberry.type
class BillingByDoctor:
    doctor_id: strawberry.ID
    doctor: Doctor | None
    billed: Decimal
    collected: Decimal


@strawberry.type
class BillingReport:
    from_: date
    to: date
    billed: Decimal
    collected: Decimal
    outstanding: Decimal
    claimed: Decimal
    by_day: list[BillingDay]
    by_doctor: list[BillingByDoctor]

    @classmethod
    def of(cls, found: Report) -> Self:
        return cls(
            from_=found.first,
            to=found.last,
            billed=found.billed,
            collected=found.collected,
            outstanding=found.outstanding,
            claimed=found.claimed,
            by_day=[BillingDay(day=day, billed=it.billed, collected=it.collected) for day, it in found.by_day.items()],
            by_doctor=[
                BillingByDoctor(
                    doctor_id=strawberry.ID(id),
                    doctor=Doctor(id=strawberry.ID(id)),
                    billed=it.billed,
                    collected=it.collected,
                )
                for id, it in found.by_doctor.items()
            ],
        )


@strawberry.type
class BillPayload:
    bill: Bill | None
    errors: list[UserError]


@strawberry.type
class PaymentPayload:
    payment: Payment | None
    bill: Bill | None
    errors: list[UserError]


@strawberry.type
class InsurancePolicyPayload:
    policy: InsurancePolicy | None
    errors: list[UserError]


@strawberry.type
class InsuranceClaimPayload:
    claim: InsuranceClaim | None
    errors: list[UserError]
