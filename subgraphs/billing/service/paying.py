"""Paying a bill: its part of the balance is reserved and committed before the provider is asked."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import access, repository, rules
from subgraphs.billing.providers import Provider
from subgraphs.billing.rules import (
    THROUGH_PROVIDER,
    ZERO,
    AlreadyPaid,
    AmountExceedsBalance,
    BillStatus,
    ClaimStatus,
    PaymentMethod,
    PaymentStatus,
)
from subgraphs.billing.service import asking, settling
from subgraphs.billing.service.seeing import locked_bill
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Forbidden, InvalidInput, NotFound
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import claim, once
from subgraphs.kernel.principal import Principal, RoleName


@dataclass(frozen=True, slots=True)
class NewPayment:
    """`amount` None: all that may be paid. `claim_id` with INSURANCE alone, `token` with CARD and UPI alone."""

    bill_id: str
    method: PaymentMethod
    idempotency_key: str
    amount: Decimal | None = None
    claim_id: str | None = None
    token: str | None = field(default=None, repr=False)


async def pay(base: Foundation, provider: Provider, principal: Principal | None, wanted: NewPayment) -> str:
    """Gives the id of the payment, PENDING while the provider has not said. Raises Forbidden, Unauthenticated, Refused.

    It has no answer where the provider has none in time: it is asked again later (`asking.ask_due`).
    """
    access.PAY.require(principal)
    payer = signed_in(principal)
    amount, token = _checked(payer, wanted, base.settings.currency, provider)
    fields = {"bill": wanted.bill_id, "amount": amount, "method": wanted.method, "claim": wanted.claim_id}
    claimed = claim(payer.account_id, "payBill", wanted.idempotency_key, fields | {"token": token})
    made: set[str] = set()

    async def work(session: AsyncSession, id: str) -> None:
        bill = await locked_bill(session, payer, wanted.bill_id, "billId")
        paying = await _claim_of(session, bill, wanted.claim_id)
        payment = _row(id, wanted, _amount(bill, paying, amount), Actor.of(payer), base.clock.now())
        session.add(payment)
        if wanted.method in THROUGH_PROVIDER:
            settling.reserve(base, bill, payment, token)
            made.add(id)
        else:
            await settling.take(session, base, bill, payment)

    async with base.denials.concealing(payer, "payBill"):
        id = await once(base.database, base.clock, claimed, work)
    if id in made:
        await asking.ask(base, provider, id)
    return id


def _checked(
    payer: Principal, wanted: NewPayment, currency: str, provider: Provider
) -> tuple[Decimal | None, str | None]:
    """The amount and the token. Raises Forbidden, InvalidInput."""
    by_provider = wanted.method in THROUGH_PROVIDER
    if payer.role is RoleName.PATIENT and not by_provider:
        raise Forbidden("A patient pays by CARD or UPI; all else is recorded by the billing desk.")
    if (wanted.method is PaymentMethod.INSURANCE) != (wanted.claim_id is not None):
        raise InvalidInput("`claimId` names the claim that pays with INSURANCE, and goes with nothing else.", "claimId")
    if wanted.token is not None and not by_provider:
        raise InvalidInput("`paymentMethodToken` goes with CARD and UPI alone.", "paymentMethodToken")
    amount = None if wanted.amount is None else rules.amount(wanted.amount, currency, "amount", positive=True)
    return amount, provider.checked(wanted.token) if by_provider else None


async def _claim_of(session: AsyncSession, bill: BillRow, claim_id: str | None) -> ClaimRow | None:
    """Raises NotFound, InvalidInput, InvalidTransition."""
    if claim_id is None:
        return None
    found = await repository.locked(session, ClaimRow, claim_id)
    if found is None:
        raise NotFound("claim", "claimId")
    if found.bill_id != bill.id:
        raise InvalidInput("This claim is of another bill.", "claimId")
    rules.PAY_CLAIM.check("claim", ClaimStatus(found.status), "claimId")
    return found


def _amount(bill: BillRow, paying: ClaimRow | None, given: Decimal | None) -> Decimal:
    """What is paid. Raises InvalidTransition, AlreadyPaid, AmountExceedsBalance."""
    if bill.status == BillStatus.PAID:
        raise AlreadyPaid
    rules.PAY_BILL.check("bill", BillStatus(bill.status), "billId")
    free = rules.free(bill.total, bill.paid, bill.reserved)
    if paying is None:
        amount = free if given is None else given
    else:
        approved = (paying.approved_amount or ZERO) - paying.paid
        amount = min(free, approved) if given is None else given
        if amount > approved:
            raise AmountExceedsBalance(f"The insurer has approved {approved:f} more at the most.")
    rules.check_free(amount, free)
    return amount


def _row(id: str, wanted: NewPayment, amount: Decimal, payer: Actor, now: datetime) -> PaymentRow:
    """It waits for its outcome."""
    return PaymentRow(
        id=id,
        bill_id=wanted.bill_id,
        claim_id=wanted.claim_id,
        amount=amount,
        method=wanted.method.value,
        status=PaymentStatus.PENDING.value,
        by_account_id=payer.account_id,
        by_name=payer.name,
        by_role=payer.role,
        created_at=now,
        updated_at=now,
    )
