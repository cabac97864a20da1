"""Taking over bills that were made and paid elsewhere, and policies: one event for each fact, and no mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import ledger, repository, rules
from subgraphs.billing.events import BillPaid, ClaimDecided, ClaimSubmitted
from subgraphs.billing.rules import BILLED_FROM, ZERO, ClaimStatus, PaymentMethod, PaymentStatus
from subgraphs.billing.service import billing, insuring, recording
from subgraphs.billing.service.insuring import NewPolicy
from subgraphs.billing.tables import AppointmentCopyRow, BillRow, ClaimRow, PatientCopyRow, PaymentRow, PolicyRow
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.importing import Imported, keys_of, taken
from subgraphs.kernel.races import flush_claims


@dataclass(frozen=True, slots=True)
class ImportedPayment:
    amount: Decimal
    method: PaymentMethod
    at: datetime


@dataclass(frozen=True, slots=True)
class ImportedClaim:
    """`approved_amount` None: it is not decided. What of it is `paid` came at `paid_at`."""

    policy_id: str
    amount: Decimal
    at: datetime
    approved_amount: Decimal | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ImportedBill:
    """`import_key` names it in the system that it comes from; it gets a number of the year of `at`."""

    import_key: str
    appointment_id: str
    drugs_amount: Decimal
    at: datetime
    payments: tuple[ImportedPayment, ...] = field(default=())
    claim: ImportedClaim | None = None


@dataclass(frozen=True, slots=True)
class ImportedPolicy:
    import_key: str
    policy: NewPolicy
    at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    appointments: Mapping[str, AppointmentCopyRow]
    patients: Mapping[str, PatientCopyRow]
    billed: set[str]
    policies: Mapping[str, PolicyRow]


async def import_policies(base: Foundation, batch: Sequence[ImportedPolicy]) -> Imported:
    """One transaction, safe to repeat."""

    async def work(session: AsyncSession) -> Imported:
        outcome = Imported(ids=await repository.imported_policies(session, keys_of(batch)))
        known = await repository.patients(session, {given.policy.patient_id for given in batch})
        for row in taken(batch, outcome, lambda id, given: _policy(id, given, known)):
            insuring.put_policy(session, base, row, Actor(), imported=True)
        await flush_claims(session)
        return outcome

    return await base.database.transaction(work)


async def import_bills(base: Foundation, batch: Sequence[ImportedBill]) -> Imported:
    """One transaction, safe to repeat: what is not fit is refused alone, what is here already stays as it is."""

    async def work(session: AsyncSession) -> Imported:
        known = await _known(session, batch)
        # after those: whoever took one of these a moment ago is seen here, or in neither
        outcome = Imported(ids=await repository.imported_bills(session, keys_of(batch)))
        for bill, given in taken(batch, outcome, lambda id, given: _bill(base, id, given, known)):
            await _put(session, base, bill, given, known)
        return outcome

    return await base.database.transaction(work)


async def _known(session: AsyncSession, batch: Sequence[ImportedBill]) -> _Known:
    appointments = await repository.appointments(session, {given.appointment_id for given in batch})
    return _Known(
        appointments,
        await repository.patients(session, {row.patient_id for row in appointments.values()}),
        set(await repository.bills_of_appointments(session, appointments)),
        await repository.policies(session, {given.claim.policy_id for given in batch if given.claim}),
    )


def _policy(id: str, given: ImportedPolicy, known: Mapping[str, PatientCopyRow]) -> PolicyRow:
    """Raises Refused."""
    if given.policy.patient_id not in known:
        raise InvalidInput("The policy's patient is not known here.")
    row = insuring.new_policy(id, given.policy)
    row.import_key, row.created_at = given.import_key, given.at
    return row


def _bill(base: Foundation, id: str, given: ImportedBill, known: _Known) -> tuple[BillRow, ImportedBill]:
    """The bill, still without what is paid and claimed of it, and all its amounts as they are kept. Raises Refused."""
    appointment = known.appointments.get(given.appointment_id)
    if appointment is None or appointment.patient_id not in known.patients:
        raise InvalidInput("The bill's appointment is not known here.")
    if appointment.status not in BILLED_FROM or appointment.id in known.billed:
        raise InvalidInput("The bill's appointment is not one to be billed.")
    currency, patient = base.settings.currency, known.patients[appointment.patient_id]
    kept, fee = _rounded(given, currency), rules.rounded(appointment.consultation_fee, currency)
    row = billing.new_bill(base, id, appointment, patient, kept.drugs_amount, fee, given.at)
    row.import_key = given.import_key
    _check_claim(row, kept.claim, known)
    _check_payments(row, kept)
    known.billed.add(appointment.id)
    return row, kept


def _rounded(given: ImportedBill, currency: str) -> ImportedBill:
    """Raises InvalidInput for what is no amount."""
    return replace(
        given,
        drugs_amount=rules.amount(given.drugs_amount, currency, "drugsAmount"),
        payments=tuple(replace(payment, amount=_above_0(payment.amount, currency)) for payment in given.payments),
        claim=None if given.claim is None else _rounded_claim(given.claim, currency),
    )


def _rounded_claim(given: ImportedClaim, currency: str) -> ImportedClaim:
    approved = given.approved_amount
    return replace(
        given,
        amount=_above_0(given.amount, currency),
        approved_amount=None if approved is None else rules.amount(approved, currency, "approvedAmount"),
    )


def _above_0(given: Decimal, currency: str) -> Decimal:
    return rules.amount(given, currency, "amount", positive=True)


def _check_claim(bill: BillRow, claim: ImportedClaim | None, known: _Known) -> None:
    """Raises InvalidInput."""
    if claim is None:
        return
    policy = known.policies.get(claim.policy_id)
    if policy is None or policy.patient_id != bill.patient_id:
        raise InvalidInput("The claim's policy is none of the patient's.")
    if not (claim.approved_amount or ZERO) <= claim.amount <= bill.total:
        raise InvalidInput("More is claimed than the bill's total, or more approved than was claimed.")


def _check_payments(bill: BillRow, given: ImportedBill) -> None:
    """Raises InvalidInput."""
    if any(payment.method is PaymentMethod.INSURANCE for payment in given.payments):
        raise InvalidInput("What an insurer paid stands with its claim.")
    by_insurer = _by_insurer(given.claim)
    paid = sum((payment.amount for payment in given.payments), by_insurer.amount if by_insurer else ZERO)
    if paid > bill.total:
        raise InvalidInput("More is paid than the bill's total.")


def _by_insurer(claim: ImportedClaim | None) -> ImportedPayment | None:
    if claim is None or claim.paid_at is None or not claim.approved_amount:
        return None
    return ImportedPayment(claim.approved_amount, PaymentMethod.INSURANCE, claim.paid_at)


async def _put(session: AsyncSession, base: Foundation, bill: BillRow, given: ImportedBill, known: _Known) -> None:
    await billing.add_bill(session, base, bill)
    billing.announce_created(session, base, bill, Actor(), imported=True)
    claim = None if given.claim is None else _put_claim(session, base, bill, given.claim, known)
    for payment in given.payments:
        _put_payment(session, base, bill, payment, None)
    if (by_insurer := _by_insurer(given.claim)) is not None:
        _put_payment(session, base, bill, by_insurer, claim)


def _put_claim(session: AsyncSession, base: Foundation, bill: BillRow, given: ImportedClaim, known: _Known) -> ClaimRow:
    policy = known.policies[given.policy_id]
    row = insuring.new_claim(base, new_id(), bill, policy, given.amount)
    row.created_at = row.updated_at = given.at
    row.claimed_on = rules.day_of(given.at, base.settings.zone)
    session.add(row)
    submitted = recording.of_claim(row, policy)
    recording.announce(session, base, ClaimSubmitted, bill, Actor(), given.at, imported=True, **submitted)
    if given.approved_amount is not None:
        insuring.apply_decision(base, row, bill, given.approved_amount, None)
        row.updated_at = given.at
        recording.post(session, base, bill, row.id, ledger.approved(given.approved_amount), given.at)
        decided = recording.of_claim(row, policy)
        recording.announce(session, base, ClaimDecided, bill, Actor(), given.at, imported=True, **decided)
    return row


def _put_payment(
    session: AsyncSession, base: Foundation, bill: BillRow, given: ImportedPayment, claim: ClaimRow | None
) -> None:
    payment = PaymentRow(
        id=new_id(),
        bill_id=bill.id,
        claim_id=None if claim is None else claim.id,
        amount=given.amount,
        method=given.method.value,
        status=PaymentStatus.SUCCESS.value,
        created_at=given.at,
        updated_at=given.at,
    )
    session.add(payment)
    bill.paid, bill.updated_at = bill.paid + given.amount, given.at
    bill.status = rules.bill_status(bill.total, bill.paid)
    if claim is not None:
        claim.paid, claim.status = given.amount, ClaimStatus.PAID
    recording.post(session, base, bill, payment.id, ledger.paid(given.method, given.amount), given.at)
    more = recording.of_payment(payment)
    recording.announce(session, base, BillPaid, bill, Actor(), given.at, imported=True, **more)
