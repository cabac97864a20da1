"""The GraphQL inputs of billing, and what they mean to the use cases: apart from the types, which are many."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import strawberry

from subgraphs.billing import rules
from subgraphs.billing.repository import Filter
from subgraphs.billing.service import Decision, NewBill, NewClaim, NewPayment, NewPolicy
from subgraphs.billing.types import BillStatus, PaymentMethod
from subgraphs.kernel.given import given


@strawberry.input
class BillFilter:
    patient_id: strawberry.ID | None = strawberry.UNSET
    status: list[BillStatus] | None = strawberry.UNSET
    from_: date | None = strawberry.UNSET
    to: date | None = strawberry.UNSET

    def meant(self, zone: ZoneInfo) -> Filter:
        statuses, first, last = given(self.status), given(self.from_), given(self.to)
        return Filter(
            patient_id=given(self.patient_id),
            statuses=None if statuses is None else tuple(statuses),
            since=None if first is None else rules.start_of(first, zone),
            before=None if last is None else rules.end_of(last, zone),
        )


@strawberry.input(
    description="`consultationFee` left out: the doctor's fee as it stood when the appointment was booked."
)
class CreateBillInput:
    appointment_id: strawberry.ID
    drugs_amount: Decimal
    consultation_fee: Decimal | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def meant(self) -> NewBill:
        return NewBill(
            self.appointment_id, self.drugs_amount, given(self.consultation_fee), given(self.idempotency_key)
        )


@strawberry.input(description="`amount` left out: the whole balance.")
class PayBillInput:
    bill_id: strawberry.ID
    amount: Decimal | None = strawberry.UNSET
    method: PaymentMethod
    claim_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="With INSURANCE, and only then: the approved claim that this pays; at most what was approved."
        " Paid in full, the claim is PAID.",
    )
    payment_method_token: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="With CARD and UPI: what the provider's own form gave the client; left out,"
        " the provider's default.",
    )
    idempotency_key: str

    def meant(self) -> NewPayment:
        return NewPayment(
            bill_id=self.bill_id,
            method=self.method,
            idempotency_key=self.idempotency_key,
            amount=given(self.amount),
            claim_id=given(self.claim_id),
            token=given(self.payment_method_token),
        )


@strawberry.input
class RefundPaymentInput:
    payment_id: strawberry.ID
    reason: str
    idempotency_key: str


@strawberry.input
class VoidBillInput:
    id: strawberry.ID
    reason: str


@strawberry.input
class AddInsurancePolicyInput:
    patient_id: strawberry.ID
    insurer: str
    policy_number: str
    coverage_percent: Decimal
    valid_from: date
    valid_to: date

    def meant(self) -> NewPolicy:
        return NewPolicy(
            self.patient_id, self.insurer, self.policy_number, self.coverage_percent, self.valid_from, self.valid_to
        )


@strawberry.input(
    description="`amount` left out: the policy's share of the total; at most the balance. Decided once,"
    " with at most what was claimed."
)
class SubmitInsuranceClaimInput:
    bill_id: strawberry.ID
    policy_id: strawberry.ID
    amount: Decimal | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def meant(self) -> NewClaim:
        return NewClaim(self.bill_id, self.policy_id, given(self.amount), given(self.idempotency_key))


@strawberry.input
class DecideInsuranceClaimInput:
    id: strawberry.ID
    approved_amount: Decimal
    reason: str | None = strawberry.UNSET
    idempotency_key: str | None = strawberry.UNSET

    def meant(self) -> Decision:
        return Decision(self.id, self.approved_amount, given(self.reason), given(self.idempotency_key))
