"""What becomes of a payment, each in the transaction that has its bill locked."""

from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import ledger, repository, rules
from subgraphs.billing.events import BillPaid, PaymentFailed, PaymentRefunded, PaymentRefundFailed
from subgraphs.billing.rules import PaymentMethod, PaymentStatus
from subgraphs.billing.service import recording
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)


def wait_after(asks: int) -> timedelta:
    """How long the provider is given before it is asked again: longer than one that asks it waits for the answer."""
    return min(_FIRST_WAIT * (1 << min(asks - 1, 10)), _LONGEST_WAIT)


def reserve(base: Foundation, bill: BillRow, payment: PaymentRow, token: str | None) -> None:
    """The provider is asked at once; if nothing comes of it, by the timer."""
    now = base.clock.now()
    payment.token, payment.asks, payment.ask_at = token, 1, now + wait_after(1)
    bill.reserved, bill.updated_at = bill.reserved + payment.amount, now


async def take(session: AsyncSession, base: Foundation, bill: BillRow, payment: PaymentRow) -> None:
    """The payment succeeded."""
    rules.TAKE.check("payment", PaymentStatus(payment.status))
    _close(base, bill, payment, PaymentStatus.SUCCESS)
    bill.paid += payment.amount
    bill.status = rules.bill_status(bill.total, bill.paid)
    await _move_claim(session, payment, bill)
    lines = ledger.paid(PaymentMethod(payment.method), payment.amount)
    recording.post(session, base, bill, payment.id, lines, payment.updated_at)
    recording.announce(session, base, BillPaid, bill, payer(payment), **recording.of_payment(payment))


async def decline(session: AsyncSession, base: Foundation, bill: BillRow, payment: PaymentRow, reason: str) -> None:
    rules.DECLINE.check("payment", PaymentStatus(payment.status))
    _close(base, bill, payment, PaymentStatus.FAILED)
    bill.status = rules.bill_status(bill.total, bill.paid, failed=True)
    more = recording.of_payment(payment) | {"reason": reason}
    recording.announce(session, base, PaymentFailed, bill, payer(payment), **more)


def begin_refund(base: Foundation, payment: PaymentRow) -> None:
    """The provider is asked at once; if nothing comes of it, by the timer."""
    now = base.clock.now()
    payment.refund_number, payment.asks, payment.refund_failure = payment.refund_number + 1, 1, None
    payment.ask_at, payment.updated_at = now + wait_after(1), now


async def refund(session: AsyncSession, base: Foundation, bill: BillRow, payment: PaymentRow) -> None:
    """The whole payment was given back; the bill is owed again."""
    rules.REFUND.check("payment", PaymentStatus(payment.status))
    payment.status, payment.ask_at, payment.updated_at = PaymentStatus.REFUNDED, None, base.clock.now()
    bill.paid, bill.updated_at = bill.paid - payment.amount, payment.updated_at
    bill.status = rules.bill_status(bill.total, bill.paid)
    await _move_claim(session, payment, bill)
    lines = ledger.reversed_(ledger.paid(PaymentMethod(payment.method), payment.amount))
    recording.post(session, base, bill, payment.id, lines, payment.updated_at)
    more = recording.of_payment(payment) | {"reason": payment.refund_reason}
    recording.announce(session, base, PaymentRefunded, bill, payer(payment), **more)


def keep(session: AsyncSession, base: Foundation, bill: BillRow, payment: PaymentRow, reason: str) -> None:
    """The provider gives nothing back: the payment stays as it is, and a refund of it may be tried again."""
    payment.ask_at, payment.refund_failure, payment.updated_at = None, reason, base.clock.now()
    more = recording.of_payment(payment) | {"reason": reason}
    recording.announce(session, base, PaymentRefundFailed, bill, payer(payment), **more)


def payer(payment: PaymentRow) -> Actor:
    """Who asked for what became of it."""
    return Actor(payment.by_account_id, payment.by_name, payment.by_role)


def _close(base: Foundation, bill: BillRow, payment: PaymentRow, status: PaymentStatus) -> None:
    """What was reserved is free again; what the card is known by is forgotten."""
    now = base.clock.now()
    if payment.ask_at is not None:
        bill.reserved -= payment.amount
    payment.status, payment.token, payment.ask_at, payment.updated_at = status, None, None, now
    bill.updated_at = now


async def _move_claim(session: AsyncSession, payment: PaymentRow, bill: BillRow) -> None:
    """What the insurer paid, or was given back."""
    claim = None if payment.claim_id is None else await repository.locked(session, ClaimRow, payment.claim_id)
    if claim is None or claim.approved_amount is None:
        return
    claim.paid += -payment.amount if payment.status == PaymentStatus.REFUNDED else payment.amount
    claim.status = rules.claim_status(claim.amount, claim.approved_amount, claim.paid)
    claim.updated_at = bill.updated_at
