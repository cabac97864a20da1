"""Asking the provider, outside any transaction, and writing down in one what it says: at once, or when it is due."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import TypeVar

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import repository
from subgraphs.billing.providers import Answer, Charge, Declined, NoAnswer, Provider, Refund, Said
from subgraphs.billing.rules import PaymentMethod, PaymentStatus
from subgraphs.billing.service import settling
from subgraphs.billing.service.seeing import locked_bill_of
from subgraphs.billing.tables import BillRow, PaymentRow
from subgraphs.kernel.foundation import Foundation

ANSWERS_WITHIN_SECONDS = 10.0
"""Each call. Two of them take less than the first wait of `settling`: who asks next does so when this one gave up."""

_AT_ONCE = 20
_DECLINED, _NOT_REFUNDED = "The payment was declined.", "The refund was declined."

T = TypeVar("T")

log = structlog.get_logger(__name__)


async def ask(base: Foundation, provider: Provider, payment_id: str) -> Answer:
    """What the provider says of a payment or refund that is under way, which is then written down.

    NOT_YET where it does not say.
    """
    async with base.database.reading() as session:
        payment = await repository.payment(session, payment_id)
        bills = {} if payment is None else await repository.bills(session, [payment.bill_id])
    if payment is None or payment.ask_at is None:
        return Answer(Said.NOT_YET)
    try:
        answer = await _asked(base, provider, payment, bills[payment.bill_id])
    except (NoAnswer, TimeoutError) as error:
        log.warning("payment.no_answer", payment=payment_id, error=str(error) or type(error).__name__)
        return Answer(Said.NOT_YET)
    if answer.said is not Said.NOT_YET:
        await _write_down(base, payment, answer)
    return answer


async def ask_due(base: Foundation, provider: Provider) -> int:
    """Asks about every payment and refund whose time has come; gives how many."""
    asked = 0
    while due := await _take_due(base):
        await asyncio.gather(*(ask(base, provider, id) for id in due))
        asked += len(due)
    return asked


async def _take_due(base: Foundation) -> Sequence[str]:
    """A lot of them, put off for whoever else looks, and for the case that nothing comes of it."""

    async def work(session: AsyncSession) -> Sequence[str]:
        now = base.clock.now()
        due = await repository.locked_payments(session, now, _AT_ONCE)
        for payment in due:
            payment.asks += 1
            payment.ask_at = now + settling.wait_after(payment.asks)
        return [payment.id for payment in due]

    return await base.database.transaction(work)


async def _in_time(answering: Awaitable[T]) -> T:
    """Raises TimeoutError."""
    async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
        return await answering


async def _asked(base: Foundation, provider: Provider, payment: PaymentRow, bill: BillRow) -> Answer:
    """Raises NoAnswer, TimeoutError."""
    if payment.status == PaymentStatus.SUCCESS:
        key = f"{payment.id}:refund:{payment.refund_number}"
        return await _in_time(provider.refund(Refund(key, payment.reference or "", payment.asks)))
    method = PaymentMethod(payment.method)
    charge = Charge(payment.id, payment.amount, bill.currency, method, bill.number, payment.asks, payment.token)
    try:
        reference = payment.reference or await _prepared(base, provider, charge)
    except Declined as declined:
        return Answer(Said.DECLINED, str(declined))
    return await _in_time(provider.charge(charge, reference))


async def _prepared(base: Foundation, provider: Provider, charge: Charge) -> str:
    """The provider's reference, committed before any money moves. Where two have one, the first that was kept."""
    found = await _in_time(provider.prepare(charge))

    async def work(session: AsyncSession) -> str:
        payment = await _locked(session, charge.key)
        payment.reference = payment.reference or found
        return payment.reference

    return await base.database.transaction(work)


async def _write_down(base: Foundation, asked: PaymentRow, answer: Answer) -> None:
    """The second transaction. Nothing happens where another has written it down, or more has come to pass since."""

    async def work(session: AsyncSession) -> None:
        bill = await locked_bill_of(session, asked)
        payment = await _locked(session, asked.id)
        if _under_way(payment) == _under_way(asked):
            await _settle(session, base, bill, payment, answer)

    await base.database.transaction(work)


def _under_way(payment: PaymentRow) -> tuple[str, int]:
    """Which of the payment and its refunds an answer is about."""
    return payment.status, payment.refund_number


async def _settle(session: AsyncSession, base: Foundation, bill: BillRow, payment: PaymentRow, answer: Answer) -> None:
    match PaymentStatus(payment.status), answer.said:
        case PaymentStatus.PENDING, Said.DONE:
            await settling.take(session, base, bill, payment)
        case PaymentStatus.PENDING, Said.DECLINED:
            await settling.decline(session, base, bill, payment, answer.reason or _DECLINED)
        case PaymentStatus.SUCCESS, Said.DONE:
            await settling.refund(session, base, bill, payment)
        case PaymentStatus.SUCCESS, Said.DECLINED:
            settling.keep(session, base, bill, payment, answer.reason or _NOT_REFUNDED)


async def _locked(session: AsyncSession, payment_id: str) -> PaymentRow:
    payment = await repository.locked(session, PaymentRow, payment_id)
    if payment is None:
        raise LookupError(f"there is no payment {payment_id}")
    return payment
