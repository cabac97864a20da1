"""What every change of a bill leaves behind: lines in the ledger, and an event."""

from datetime import datetime
from typing import Any, TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import ledger
from subgraphs.billing.events import BillState
from subgraphs.billing.ledger import Lines
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow, PolicyRow
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation

State = TypeVar("State", bound=BillState)


def announce(
    session: AsyncSession,
    base: Foundation,
    kind: type[BillState],
    bill: BillRow,
    actor: Actor,
    occurred_at: datetime | None = None,
    **more: Any,
) -> None:
    event = kind(
        bill_id=bill.id,
        bill_number=bill.number,
        appointment_id=bill.appointment_id,
        patient_id=bill.patient_id,
        patient_name=bill.patient_name,
        patient_email=bill.patient_email,
        patient_phone=bill.patient_phone,
        doctor_id=bill.doctor_id,
        total=bill.total,
        amount_paid=bill.paid,
        currency=bill.currency,
        status=bill.status,
        **more,
    )
    base.outbox.record(session, event, actor, occurred_at=occurred_at)


def of_payment(payment: PaymentRow) -> dict[str, Any]:
    return {
        "payment_id": payment.id,
        "amount": payment.amount,
        "method": payment.method,
        "claim_id": payment.claim_id,
    }


def of_claim(claim: ClaimRow, policy: PolicyRow) -> dict[str, Any]:
    return {
        "claim_id": claim.id,
        "policy_id": claim.policy_id,
        "insurer": policy.insurer,
        "amount": claim.amount,
        "approved_amount": claim.approved_amount,
        "claim_status": claim.status,
        "reason": claim.reason,
    }


def post(session: AsyncSession, base: Foundation, bill: BillRow, subject_id: str, lines: Lines, at: datetime) -> None:
    ledger.post(session, bill, subject_id, lines, at, base.settings.zone)
