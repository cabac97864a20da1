"""What every change of an appointment leaves behind: a line of its history, an event, a change on the stream."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import changes
from subgraphs.appointments.events import AppointmentState
from subgraphs.appointments.rules import TREATS_NOBODY, Status
from subgraphs.appointments.tables import AppointmentRow, TransitionRow
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.rows import add_row


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened to an appointment that is now as its row says; `more` are fields that its event alone has."""

    event: type[AppointmentState]
    previous: Status | None
    more: dict[str, Any]


async def record(
    session: AsyncSession, base: Foundation, principal: Principal, row: AppointmentRow, fact: Fact
) -> None:
    """The end of a transaction: nothing may be written after it."""
    add_transition(session, row, fact.previous, at=row.updated_at, by=principal.account_id)
    base.outbox.record(session, event_of(row, fact), Actor.of(principal))
    await changes.append(
        session,
        appointment_id=row.id,
        patient_id=row.patient_id,
        doctor_id=row.doctor_id,
        department_id=row.department_id,
        previous_status=_value(fact.previous),
        status=row.status,
        changed_at=row.updated_at,
    )


def add_transition(
    session: AsyncSession, row: AppointmentRow, previous: Status | None, *, at: datetime, by: str | None
) -> None:
    add_row(
        session,
        TransitionRow,
        appointment_id=row.id,
        version=row.version,
        from_status=_value(previous),
        to_status=row.status,
        at=at,
        by_account_id=by,
        reason=row.reason,
        slot=row.slot,
    )


def event_of(row: AppointmentRow, fact: Fact) -> AppointmentState:
    return fact.event(
        appointment_id=row.id,
        version=row.version,
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        patient_email=row.patient_email,
        patient_phone=row.patient_phone,
        doctor_id=row.doctor_id,
        doctor_name=row.doctor_name,
        department_id=row.department_id,
        consultation_fee=row.consultation_fee,
        slot=row.slot,
        end=row.ends_at,
        status=row.status,
        previous_status=_value(fact.previous),
        treats=Status(row.status) not in TREATS_NOBODY,
        **fact.more,
    )


def _value(status: Status | None) -> str | None:
    return None if status is None else status.value
