"""What notifications keeps of patients and appointments, and what it tells people of, all by the others' events."""

from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts.events import AccountInvited, PasswordResetRequested
from subgraphs.appointments.events import EVENTS as APPOINTMENTS_EVENTS
from subgraphs.appointments.events import AppointmentRescheduled, AppointmentState
from subgraphs.billing.events import BillCreated, BillPaid, BillState, ClaimDecided, PaymentFailed, PaymentRefunded
from subgraphs.kernel.events import Envelope, Event, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import keep_newest
from subgraphs.notifications import repository, rules
from subgraphs.notifications.queueing import Bells, Told, queue, queue_for_patient
from subgraphs.notifications.rules import KINDS, REMINDED_BEFORE, Channel
from subgraphs.notifications.tables import AppointmentCopyRow, PatientCopyRow
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.patients.events import PatientState

CONSUMER = "notifications.queue"
TOPICS = ("accounts", "patients", "appointments", "billing")

_LINKS: dict[type[Event], str] = {AccountInvited: "account.invited", PasswordResetRequested: "password.reset"}
_MONEY: dict[type[Event], tuple[str, str]] = {
    BillCreated: ("bill.created", "total"),
    BillPaid: ("payment.succeeded", "amount"),
    PaymentFailed: ("payment.failed", "amount"),
    PaymentRefunded: ("payment.refunded", "amount"),
    ClaimDecided: ("claim.decided", "approved_amount"),
}
"""What is told of billing: as which event, with which of the fact's amounts."""

DECODER = decoder((*PATIENTS_EVENTS, *APPOINTMENTS_EVENTS, *_MONEY, *_LINKS))


def subscriber(base: Foundation, bells: Bells) -> Subscriber:
    topics = tuple(map(topic_of, TOPICS))
    return Subscriber.once(CONSUMER, topics, base.database, base.clock, partial(_apply, base, bells))


def visit_values(base: Foundation, visit: AppointmentState | AppointmentCopyRow) -> dict[str, str]:
    date, time = rules.day_and_time(visit.slot, base.settings.zone)
    return {"doctor_name": visit.doctor_name, "date": date, "time": time, "time_zone": base.settings.time_zone}


async def _apply(base: Foundation, bells: Bells, session: AsyncSession, message: Envelope) -> None:
    match DECODER.decode(message):
        case PatientState() as patient:
            await _keep_patient(session, base, bells, patient)
        case AppointmentState() as visit:
            await _keep_appointment(session, message, visit)
            if message.type in KINDS and not visit.imported:
                await _tell(session, base, bells, message, visit.patient_id)
        case BillState() as bill if not bill.imported:
            await _tell(session, base, bells, message, bill.patient_id)
        case AccountInvited() | PasswordResetRequested() as asked:
            told = Told(message.id, _LINKS[type(asked)], _link_values(), asked.patient_id, link_id=asked.link_id)
            await queue(session, base, bells, told, {Channel.EMAIL: asked.email})


async def _tell(session: AsyncSession, base: Foundation, bells: Bells, message: Envelope, patient_id: str) -> None:
    """At once, or as soon as the patient is known: one topic does not wait for another."""
    patient = (await repository.patients(session, [patient_id])).get(patient_id)
    if patient is None:
        patient = await _heard_of_meanwhile(session, message, patient_id)
    if patient is None:
        return
    event = DECODER.decode(message)
    values = {"patient_name": patient.name} | _values(base, event)
    told_as = _MONEY[type(event)][0] if isinstance(event, BillState) else message.type
    told = Told(message.id, told_as, values, patient_id)
    await queue_for_patient(session, base, bells, told, patient)


async def _heard_of_meanwhile(session: AsyncSession, message: Envelope, patient_id: str) -> PatientCopyRow | None:
    """The event waits, unless the patient was just written: then it is not seen by who looks for what waits.

    Both write first and then look with a lock, so one of them waits for the other and sees what it wrote.
    """
    await repository.add_waiting(session, message.id, patient_id, message.to_json().decode())
    patient = await repository.locked_patient(session, patient_id)
    if patient is not None:
        await repository.drop_waiting(session, [message.id])
    return patient


def _values(base: Foundation, event: Event | None) -> dict[str, str]:
    match event:
        case AppointmentRescheduled():
            date, time = rules.day_and_time(event.previous_slot, base.settings.zone)
            return visit_values(base, event) | {"previous_date": date, "previous_time": time}
        case AppointmentState():
            return visit_values(base, event)
        case BillState():
            return _money_values(event)
    return {}


def _money_values(bill: BillState) -> dict[str, str]:
    _, amount = _MONEY[type(bill)]
    told = rules.amount_text(getattr(bill, amount))
    return {"bill_number": bill.bill_number, "currency": bill.currency, "amount": told}


def _link_values() -> dict[str, str]:
    return {"link": rules.LINK_PLACEHOLDER}


async def _keep_patient(session: AsyncSession, base: Foundation, bells: Bells, patient: PatientState) -> None:
    await keep_newest(
        session,
        PatientCopyRow,
        id=patient.patient_id,
        version=patient.version,
        name=patient.name,
        email=patient.email,
        phone=patient.phone,
        deceased_at=patient.deceased_at,
    )
    for body in await repository.take_waiting(session, patient.patient_id):
        await _tell(session, base, bells, Envelope.from_json(body), patient.patient_id)


async def _keep_appointment(session: AsyncSession, message: Envelope, visit: AppointmentState) -> None:
    await keep_newest(
        session,
        AppointmentCopyRow,
        id=visit.appointment_id,
        version=visit.version,
        patient_id=visit.patient_id,
        doctor_name=visit.doctor_name,
        slot=visit.slot,
        remind_at=visit.slot - REMINDED_BEFORE,
        status=visit.status,
        since=message.occurred_at,
        silent=visit.imported,
    )
