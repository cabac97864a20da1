"""Giving a payment back, the whole of it: by the provider that took it, or by the clerk who says so."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import access, repository, rules
from subgraphs.billing.providers import Provider, Said
from subgraphs.billing.rules import THROUGH_PROVIDER, InvalidTransition, PaymentMethod, PaymentStatus
from subgraphs.billing.service import asking, settling
from subgraphs.billing.service.seeing import locked_bill_of, shown
from subgraphs.billing.tables import PaymentRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import Claim, claim, once
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal


async def refund(
    base: Foundation, provider: Provider, principal: Principal | None, payment_id: str, reason: str, key: str
) -> str:
    """Gives the id of the payment: REFUNDED, or SUCCESS until the provider has said so.

    Raises Forbidden, Unauthenticated, and Refused, also by the provider.
    """
    access.VOID.require(principal)
    clerk, why = signed_in(principal), rules.reason(reason)
    claimed = claim(clerk.account_id, "refundPayment", key, {"payment": payment_id, "reason": why})
    through_provider: dict[str, bool] = {}

    async def work(session: AsyncSession, id: str) -> None:
        payment = await _refundable(session, clerk, id)
        payment.refund_reason, payment.refund_key = why, claimed.key if claimed else None
        payment.by_account_id, payment.by_name, payment.by_role = clerk.account_id, clerk.name, clerk.role.value
        through_provider[id] = _is_with_provider(payment)
        if through_provider[id]:
            settling.begin_refund(base, payment)
        else:
            await settling.refund(session, base, await locked_bill_of(session, payment), payment)

    async with base.denials.concealing(clerk, "refundPayment"):
        if not is_id(payment_id):
            raise NotFound("payment", "paymentId")
        id = await once(base.database, base.clock, claimed, work, entity_id=payment_id)
    if id not in through_provider:
        await _check_repeated(base, claimed, id)
    elif through_provider[id] and (answer := await asking.ask(base, provider, id)).said is Said.DECLINED:
        raise _nothing_back(answer.reason)
    return id


def _is_with_provider(payment: PaymentRow) -> bool:
    """Not what was imported, of which the provider knows nothing: the clerk gives it back as it can be given."""
    return PaymentMethod(payment.method) in THROUGH_PROVIDER and payment.reference is not None


def _nothing_back(reason: str | None) -> InvalidTransition:
    said = "The provider gave nothing back"
    return InvalidTransition(f"{said}: {reason}" if reason else f"{said}.", "paymentId")


async def _check_repeated(base: Foundation, claimed: Claim | None, id: str) -> None:
    """Of a refund that is asked for again. Raises InvalidTransition where the provider has refused it."""
    async with base.database.reading() as session:
        payment = await repository.payment(session, id)
    if payment is not None and _is_of_another(payment, claimed):
        raise _nothing_back(None)
    if payment is not None and _was_refused(payment):
        raise _nothing_back(payment.refund_failure)


def _was_refused(payment: PaymentRow) -> bool:
    return payment.status == PaymentStatus.SUCCESS and payment.ask_at is None


def _is_of_another(payment: PaymentRow, claimed: Claim | None) -> bool:
    """Whether a refund was begun after that of the claim, as only one can be that comes after a refusal."""
    if claimed is None or payment.refund_key is None:
        return False
    return (payment.by_account_id, payment.refund_key) != (claimed.caller, claimed.key)


async def _refundable(session: AsyncSession, clerk: Principal, id: str) -> PaymentRow:
    """Locked. Raises NotFound, Hidden, InvalidTransition."""
    known = await repository.payment(session, id)
    if known is None:
        raise NotFound("payment", "paymentId")
    shown(clerk, await locked_bill_of(session, known), "payment", "paymentId")
    payment = await repository.locked(session, PaymentRow, id)
    if payment is None:
        raise NotFound("payment", "paymentId")
    rules.REFUND.check("payment", PaymentStatus(payment.status), "paymentId")
    if payment.ask_at is not None:
        raise InvalidTransition("A refund of this payment is under way.", "paymentId")
    return payment
