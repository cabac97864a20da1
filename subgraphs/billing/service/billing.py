"""Making a bill of an appointment, and voiding it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing import access, ledger, repository, rules
from subgraphs.billing.events import BillCreated, BillVoided
from subgraphs.billing.rules import BILLED_FROM, ZERO, AlreadyBilled, BillStatus, InvalidTransition
from subgraphs.billing.service import recording
from subgraphs.billing.service.seeing import locked_bill, written_bill
from subgraphs.billing.tables import AppointmentCopyRow, BillRow, PatientCopyRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import claim, once
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.problems import checked
from subgraphs.kernel.races import flush_claims


@dataclass(frozen=True, slots=True)
class NewBill:
    """`consultation_fee` None: as it stood at the booking."""

    appointment_id: str
    drugs_amount: Decimal
    consultation_fee: Decimal | None = None
    idempotency_key: str | None = None


class NotHeardOf(NotFound):
    """The appointment is not known here, at all or not yet."""


class PatientNotHeardOf(NotFound):
    """The patient of an appointment that is known here is not yet."""

    def __init__(self, patient_id: str) -> None:
        super().__init__("appointment", "appointmentId")
        self.patient_id = patient_id


class NotToBeBilled(InvalidTransition):
    """The appointment is not accepted, as far as is known here."""


async def create(base: Foundation, principal: Principal | None, wanted: NewBill) -> BillRow:
    """Gives the bill as it now is. Raises Forbidden, Unauthenticated, Refused."""
    access.BILLING.require(principal)
    clerk, amounts = signed_in(principal), _amounts(wanted, base.settings.currency)
    fields = {"appointment": wanted.appointment_id, **amounts}
    claimed = claim(clerk.account_id, "createBill", wanted.idempotency_key, fields)

    async def work(session: AsyncSession, id: str) -> None:
        appointment, patient = await _billable(session, wanted.appointment_id)
        bill = _row(base, id, appointment, patient, **amounts)
        await add_bill(session, base, bill)
        announce_created(session, base, bill, Actor.of(clerk))

    async with base.denials.concealing(clerk, "createBill"):
        id = await _decided(base, wanted.appointment_id, lambda: once(base.database, base.clock, claimed, work))
    return await written_bill(base.database, id)


async def void(base: Foundation, principal: Principal | None, id: str, reason: str) -> BillRow:
    """Gives the bill as it now is. Raises Forbidden, Unauthenticated, Refused."""
    access.VOID.require(principal)
    clerk, why = signed_in(principal), rules.reason(reason)

    async def work(session: AsyncSession) -> None:
        bill = await locked_bill(session, clerk, id)
        _check_void(bill)
        bill.status, bill.billed_appointment_id, bill.updated_at = BillStatus.VOID, None, base.clock.now()
        lines = ledger.voided(bill, await _from_insurers(session, id))
        recording.post(session, base, bill, id, lines, bill.updated_at)
        recording.announce(session, base, BillVoided, bill, Actor.of(clerk), reason=why)

    async with base.denials.concealing(clerk, "voidBill"):
        await base.database.transaction(work)
    return await written_bill(base.database, id)


async def add_bill(session: AsyncSession, base: Foundation, bill: BillRow) -> None:
    """Writes it, with a number of its year. Raises Race where the appointment was billed meanwhile."""
    bill.number = rules.number(bill.billed_on.year, await repository.next_number(session, bill.billed_on.year))
    session.add(bill)
    await flush_claims(session)
    recording.post(session, base, bill, bill.id, ledger.billed(bill), bill.created_at)


def announce_created(
    session: AsyncSession, base: Foundation, bill: BillRow, actor: Actor, *, imported: bool = False
) -> None:
    amounts = {"drugs_amount": bill.drugs_amount, "consultation_fee": bill.consultation_fee}
    recording.announce(session, base, BillCreated, bill, actor, bill.created_at, imported=imported, **amounts)


def new_bill(
    base: Foundation,
    id: str,
    appointment: AppointmentCopyRow,
    patient: PatientCopyRow,
    drugs_amount: Decimal,
    consultation_fee: Decimal,
    at: datetime,
) -> BillRow:
    """It has no number yet. Raises InvalidInput for more than a bill may be of."""
    total = rules.total(drugs_amount, consultation_fee)
    return BillRow(
        id=id,
        number="",
        appointment_id=appointment.id,
        billed_appointment_id=appointment.id,
        patient_id=appointment.patient_id,
        patient_name=patient.name,
        patient_email=patient.email,
        patient_phone=patient.phone,
        doctor_id=appointment.doctor_id,
        drugs_amount=drugs_amount,
        consultation_fee=consultation_fee,
        total=total,
        paid=ZERO,
        reserved=ZERO,
        currency=base.settings.currency,
        status=rules.bill_status(total, ZERO),
        billed_on=rules.day_of(at, base.settings.zone),
        created_at=at,
        updated_at=at,
    )


async def _decided(base: Foundation, appointment_id: str, attempt: Callable[[], Awaitable[str]]) -> str:
    """What the attempt gives, with all news of the appointment, and of the patient whom that names."""

    async def of_its_patient() -> str:
        try:
            return await attempt()
        except PatientNotHeardOf as missing:
            return await base.arrivals.decided(attempt, PatientNotHeardOf, keys=[missing.patient_id])

    return await base.arrivals.decided(of_its_patient, NotHeardOf, NotToBeBilled, keys=[appointment_id])


def _amounts(wanted: NewBill, currency: str) -> dict[str, Any]:
    """Raises Refused."""
    fee = wanted.consultation_fee
    return checked(
        {
            "drugs_amount": lambda: rules.amount(wanted.drugs_amount, currency, "drugsAmount"),
            "consultation_fee": lambda: None if fee is None else rules.amount(fee, currency, "consultationFee"),
        }
    )


async def _billable(session: AsyncSession, appointment_id: str) -> tuple[AppointmentCopyRow, PatientCopyRow]:
    """Raises NotHeardOf, PatientNotHeardOf, NotToBeBilled, AlreadyBilled."""
    appointment = (await repository.appointments(session, [appointment_id])).get(appointment_id)
    if appointment is None:
        raise NotHeardOf("appointment", "appointmentId")
    known = await repository.patients(session, [appointment.patient_id])
    if appointment.patient_id not in known:
        raise PatientNotHeardOf(appointment.patient_id)
    if await repository.bills_of_appointments(session, [appointment_id]):
        raise AlreadyBilled
    if appointment.status not in BILLED_FROM:
        raise NotToBeBilled(f"An appointment that is {appointment.status} cannot be billed.", "appointmentId")
    return appointment, known[appointment.patient_id]


def _row(
    base: Foundation,
    id: str,
    appointment: AppointmentCopyRow,
    patient: PatientCopyRow,
    drugs_amount: Decimal,
    consultation_fee: Decimal | None,
) -> BillRow:
    fee = appointment.consultation_fee if consultation_fee is None else consultation_fee
    kept = rules.rounded(fee, base.settings.currency)
    return new_bill(base, id, appointment, patient, drugs_amount, kept, base.clock.now())


def _check_void(bill: BillRow) -> None:
    """Raises InvalidTransition."""
    rules.VOID.check("bill", BillStatus(bill.status), "id")
    if bill.paid:
        raise InvalidTransition("A bill of which something is paid cannot be voided: refund that first.", "id")
    if bill.reserved:
        raise InvalidTransition("A payment of this bill is under way: it cannot be voided meanwhile.", "id")


async def _from_insurers(session: AsyncSession, bill_id: str) -> Decimal:
    """What they are to pay of a bill of which nothing is paid."""
    claims = (await repository.claims_of_bills(session, [bill_id])).get(bill_id, [])
    return sum((claim.approved_amount or ZERO for claim in claims), ZERO)
