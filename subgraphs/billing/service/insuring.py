"""Insurance policies of patients, and claims on them: submitted, and decided once."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import access, ledger, repository, rules
from subgraphs.billing.events import ClaimDecided, ClaimSubmitted, InsurancePolicyAdded
from subgraphs.billing.rules import (
    MAXIMUM_NAME,
    ZERO,
    AlreadyPaid,
    BillStatus,
    ClaimStatus,
    InvalidTransition,
)
from subgraphs.billing.service import recording
from subgraphs.billing.service.seeing import locked_bill, locked_bill_of, written_claim
from subgraphs.billing.tables import BillRow, ClaimRow, PolicyRow
from subgraphs.kernel import text
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import InvalidInput, NotFound
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import claim, once
from subgraphs.kernel.ids import is_id, new_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.problems import checked

_NO_DAYS = "`validTo` is the last day on which the policy holds: `validFrom` or later."


@dataclass(frozen=True, slots=True)
class NewPolicy:
    patient_id: str
    insurer: str
    policy_number: str
    coverage_percent: Decimal
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class NewClaim:
    """`amount` None: the policy's share of the total, as far as it is not paid."""

    bill_id: str
    policy_id: str
    amount: Decimal | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    id: str
    approved_amount: Decimal
    reason: str | None = None
    idempotency_key: str | None = None


async def add_policy(base: Foundation, principal: Principal | None, wanted: NewPolicy) -> PolicyRow:
    """Raises Forbidden, Unauthenticated, Refused."""
    access.BILLING.require(principal)
    clerk = signed_in(principal)

    async def work(session: AsyncSession) -> PolicyRow:
        policy = new_policy(new_id(), wanted)
        policy.created_at = base.clock.now()
        if not await repository.patients(session, [wanted.patient_id]):
            raise NotFound("patient", "patientId")
        put_policy(session, base, policy, Actor.of(clerk))
        return policy

    async with base.denials.concealing(clerk, "addInsurancePolicy"):
        return await base.arrivals.decided(lambda: base.database.transaction(work), NotFound, keys=[wanted.patient_id])


def new_policy(id: str, wanted: NewPolicy) -> PolicyRow:
    """Raises Refused."""
    found = checked(
        {
            "insurer": lambda: text.name(wanted.insurer, "`insurer`", MAXIMUM_NAME, "insurer"),
            "policy_number": lambda: text.name(wanted.policy_number, "`policyNumber`", MAXIMUM_NAME, "policyNumber"),
            "coverage_percent": lambda: rules.percent(wanted.coverage_percent, "coveragePercent"),
            "valid_to": lambda: _last_day(wanted),
        }
    )
    return PolicyRow(id=id, patient_id=wanted.patient_id, valid_from=wanted.valid_from, **found)


def put_policy(
    session: AsyncSession, base: Foundation, policy: PolicyRow, actor: Actor, *, imported: bool = False
) -> None:
    session.add(policy)
    event = InsurancePolicyAdded(
        policy_id=policy.id, patient_id=policy.patient_id, insurer=policy.insurer, imported=imported
    )
    base.outbox.record(session, event, actor, occurred_at=policy.created_at)


async def submit(base: Foundation, principal: Principal | None, wanted: NewClaim) -> ClaimRow:
    """Gives the claim as it now is. Raises Forbidden, Unauthenticated, Refused."""
    access.BILLING.require(principal)
    clerk, currency = signed_in(principal), base.settings.currency
    given = wanted.amount
    amount = None if given is None else rules.amount(given, currency, "amount", positive=True)
    fields = {"bill": wanted.bill_id, "policy": wanted.policy_id, "amount": amount}
    claimed = claim(clerk.account_id, "submitInsuranceClaim", wanted.idempotency_key, fields)

    async def work(session: AsyncSession, id: str) -> None:
        bill = await locked_bill(session, clerk, wanted.bill_id, "billId")
        policy = await _policy_for(session, bill, wanted.policy_id)
        row = new_claim(base, id, bill, policy, _claimed(bill, policy, amount))
        session.add(row)
        more = recording.of_claim(row, policy)
        recording.announce(session, base, ClaimSubmitted, bill, Actor.of(clerk), **more)

    async with base.denials.concealing(clerk, "submitInsuranceClaim"):
        id = await once(base.database, base.clock, claimed, work)
    return await written_claim(base.database, id)


async def decide(base: Foundation, principal: Principal | None, wanted: Decision) -> ClaimRow:
    """Gives the claim as it now is. Raises Forbidden, Unauthenticated, Refused."""
    access.BILLING.require(principal)
    clerk = signed_in(principal)
    approved = rules.amount(wanted.approved_amount, base.settings.currency, "approvedAmount")
    reason = text.lines(wanted.reason, "`reason`", rules.MAXIMUM_REASON, "reason")
    fields = {"id": wanted.id, "approved": approved, "reason": reason}
    claimed = claim(clerk.account_id, "decideInsuranceClaim", wanted.idempotency_key, fields)

    async def work(session: AsyncSession, id: str) -> None:
        row, bill = await _locked_claim(session, id)
        apply_decision(base, row, bill, approved, reason)
        recording.post(session, base, bill, id, ledger.approved(approved), row.updated_at)
        policy = (await repository.policies(session, [row.policy_id]))[row.policy_id]
        more = recording.of_claim(row, policy)
        recording.announce(session, base, ClaimDecided, bill, Actor.of(clerk), **more)

    async with base.denials.concealing(clerk, "decideInsuranceClaim"):
        if not is_id(wanted.id):
            raise NotFound("claim", "id")
        id = await once(base.database, base.clock, claimed, work, entity_id=wanted.id)
    return await written_claim(base.database, id)


def new_claim(base: Foundation, id: str, bill: BillRow, policy: PolicyRow, amount: Decimal) -> ClaimRow:
    now = base.clock.now()
    return ClaimRow(
        id=id,
        bill_id=bill.id,
        policy_id=policy.id,
        patient_id=bill.patient_id,
        amount=amount,
        paid=ZERO,
        status=ClaimStatus.SUBMITTED.value,
        claimed_on=rules.day_of(now, base.settings.zone),
        created_at=now,
        updated_at=now,
    )


def apply_decision(base: Foundation, row: ClaimRow, bill: BillRow, approved: Decimal, reason: str | None) -> None:
    """Raises InvalidTransition, InvalidInput."""
    rules.DECIDE.check("claim", ClaimStatus(row.status), "id")
    if bill.status == BillStatus.VOID:
        raise InvalidTransition("The bill of this claim is void.", "id")
    if approved > row.amount:
        raise InvalidInput(f"`approvedAmount` is {row.amount:f} at the most: what was claimed.", "approvedAmount")
    row.status, row.approved_amount = rules.decision(row.amount, approved), approved
    row.reason, row.updated_at = reason, base.clock.now()


def _last_day(wanted: NewPolicy) -> date:
    if wanted.valid_to < wanted.valid_from:
        raise InvalidInput(_NO_DAYS, "validTo")
    return wanted.valid_to


async def _policy_for(session: AsyncSession, bill: BillRow, policy_id: str) -> PolicyRow:
    """The policy, if it can pay for that bill. Raises NotFound, InvalidInput."""
    policy = (await repository.policies(session, [policy_id])).get(policy_id)
    if policy is None:
        raise NotFound("policy", "policyId")
    if policy.patient_id != bill.patient_id:
        raise InvalidInput("This policy is another patient's.", "policyId")
    if not policy.valid_from <= bill.billed_on <= policy.valid_to:
        raise InvalidInput("This policy did not hold on the day of the bill.", "policyId")
    return policy


def _claimed(bill: BillRow, policy: PolicyRow, given: Decimal | None) -> Decimal:
    """Raises InvalidTransition, AlreadyPaid, AmountExceedsBalance."""
    if bill.status == BillStatus.PAID:
        raise AlreadyPaid
    rules.CLAIM_ON.check("bill", BillStatus(bill.status), "billId")
    free = rules.free(bill.total, bill.paid, bill.reserved)
    amount = given or min(free, rules.share(bill.total, policy.coverage_percent, bill.currency))
    rules.check_free(amount, free)
    return amount


async def _locked_claim(session: AsyncSession, id: str) -> tuple[ClaimRow, BillRow]:
    """Raises NotFound."""
    known = (await repository.claims(session, [id])).get(id)
    if known is None:
        raise NotFound("claim", "id")
    bill = await locked_bill_of(session, known)
    row = await repository.locked(session, ClaimRow, id)
    if row is None:
        raise NotFound("claim", "id")
    return row, bill
