"""What notifications reads of billing's events: to be taken from `subgraphs.billing.events` once that is there."""

from decimal import Decimal
from typing import Any, ClassVar

from subgraphs.kernel.events import Action, Event


class BillingFact(Event):
    """`amount`: of the payment or refund; `total`: of the bill."""

    action: ClassVar[Action] = Action.UPDATE
    resource_type: ClassVar[str] = "Bill"
    told_as: ClassVar[str]

    patient_id: str
    bill_number: str | None = None
    amount: Decimal | None = None
    total: Decimal | None = None
    currency: str | None = None
    imported: bool = False
    demo: bool = False

    def key(self) -> str:
        return self.patient_id

    @property
    def silent(self) -> bool:
        return self.imported or self.demo

    def values(self) -> dict[str, Any]:
        number, currency = self.bill_number or "", self.currency or ""
        return {"bill_number": number, "currency": currency, "amount": self.amount or Decimal(0)}


class BillCreated(BillingFact):
    type = "bill.created"
    told_as = "bill.created"

    def values(self) -> dict[str, Any]:
        whole = self.total if self.total is not None else self.amount
        return super().values() | {"amount": whole or Decimal(0)}


class BillPaid(BillingFact):
    type = "bill.paid"
    told_as = "payment.succeeded"


class PaymentFailed(BillingFact):
    type = "payment.failed"
    told_as = "payment.failed"


class PaymentRefunded(BillingFact):
    type = "payment.refunded"
    told_as = "payment.refunded"


class ClaimDecided(BillingFact):
    """`amount` is what was claimed, and `approved_amount` what the insurance pays."""

    type = "claim.decided"
    told_as = "claim.decided"

    approved_amount: Decimal

    def values(self) -> dict[str, Any]:
        return super().values() | {"amount": self.approved_amount}


EVENTS = (BillCreated, BillPaid, PaymentFailed, PaymentRefunded, ClaimDecided)
