"""What notifications keeps of patients and appointments, and what it tells people of, all by the others' events."""

from decimal import Decimal
from functools import partial
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts.events import AccountInvited, PasswordResetRequested
from subgraphs.appointments.events import EVENTS as APPOINTMENTS_EVENTS
from subgraphs.appointments.events import AppointmentRescheduled, AppointmentState
from subgraphs.kernel.events import Envelope, Event, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import keep_newest
from subgraphs.notifications import repository, rules
from subgraphs.notifications.billing_facts import EVENTS as BILLING_EVENTS
from subgraphs.notifications.billing_facts import BillingFact
from subgraphs.notifications.queueing import Bells, Told, queue, queue_for_patient
from subgraphs.notifications.rules import KINDS, REMINDED_BEFORE, Channel
from subgraphs.notifications.tables import AppointmentCopyRow, PatientCopyRow
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.patients.events import PatientState

CONSUMER = "notifications.queue"
TOPICS = ("accounts", "patients", "appointments", "billing")

_LINKS: dict[type[Event], str] = {AccountInvited: "account.invited", PasswordResetRequested: "password.reset"}
_DECODER = decoder((*PATIENTS_EVENTS, *APPOINTMENTS_EVENTS, *BILLING_EVENTS, *_LINKS))


def subscriber(base: Foundation, bells: Bells) -> Subscriber:
    topics = tuple(map(topic_of, TOPICS))
    return Subscriber.once(CONSUMER, topics, base.database, base.clock, partial(_apply, base, bells))


def visit_values(base: Foundation, visit: AppointmentState | AppointmentCopyRow) -> dict[str, str]:
    date, time = rules.day_and_time(visit.slot, base.settings.zone)
    return {"doctor_name": visit.doctor_name, "date": date, "time": time, "time_zone": base.settings.time_zone}


async def _apply(base: Foundation, bells: Bells, session: AsyncSession, message: Envelope) -> None:
    match _DECODER.decode(message):
        case PatientState() as patient:
            await _keep_patient(session, base, bells, patient)
        case AppointmentState() as visit:
            await _keep_appointment(session, message, visit)
            if message.type in KINDS and not visit.imported:
                await _tell(session, base, bells, message, visit.patient_id)
        case BillingFact() as fact if not fact.silent:
            await _tell(session, base, bells, message, fact.patient_id)
        case AccountInvited() | PasswordResetRequested() as asked:
            told = Told(message.id, _LINKS[type(asked)], _link_values(), asked.patient_id, link_id=asked.link_id)
            await queue(session, base, bells, told, {Channel.EMAIL: asked.email})


async def _tell(session: AsyncSession, base: Foundation, bells: Bells, message: Envelope, patient_id: str) -> None:
    """At once, or as soon as the patient is known: one topic does not wait for another."""
    patient = (await repository.patients(session, [patient_id])).get(patient_id)
    if patient is None:
        repository.add_waiting(session, message.id, patient_id, message.to_json().decode())
        return
    event = _DECODER.decode(message)
    values = {"patient_name": patient.name} | _values(base, event)
    told = Told(message.id, _told_as(message, event), values, patient_id)
    await queue_for_patient(session, base, bells, told, patient)


def _told_as(message: Envelope, event: Event | None) -> str:
    return event.told_as if isinstance(event, BillingFact) else message.type


def _values(base: Foundation, event: Event | None) -> dict[str, str]:
    match event:
        case AppointmentRescheduled():
            date, time = rules.day_and_time(event.previous_slot, base.settings.zone)
            return visit_values(base, event) | {"previous_date": date, "previous_time": time}
        case AppointmentState():
            return visit_values(base, event)
        case BillingFact():
            return {name: _text(value) for name, value in event.values().items()}
    return {}


def _text(value: Any) -> str:
    return rules.amount_text(value) if isinstance(value, Decimal) else str(value)


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
