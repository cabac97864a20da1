"""Taking over past visits from another system: no claim on time, one line of history, one event, not on the stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import repository, rules
from subgraphs.appointments.events import (
    AppointmentCancelled,
    AppointmentCompleted,
    AppointmentNoShow,
    AppointmentRejected,
    AppointmentState,
)
from subgraphs.appointments.rules import Status
from subgraphs.appointments.service import recording
from subgraphs.appointments.tables import AppointmentRow, DoctorCopyRow, PatientCopyRow
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.importing import Imported, keys_of, taken
from subgraphs.kernel.races import flush_claims
from subgraphs.kernel.rows import add_row

_EVENTS: dict[str, type[AppointmentState]] = {
    Status.COMPLETED.value: AppointmentCompleted,
    Status.REJECTED.value: AppointmentRejected,
    Status.CANCELLED.value: AppointmentCancelled,
    Status.NO_SHOW.value: AppointmentNoShow,
}


@dataclass(frozen=True, slots=True)
class ImportedVisit:
    """A visit that is over, with a final status; `import_key` names it in the system that it comes from."""

    import_key: str
    patient_id: str
    doctor_id: str
    department_id: str
    starts_at: datetime
    ends_at: datetime
    notes: str | None = None
    status: str = "COMPLETED"


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a batch is here already: visits by key, doctors and patients by id."""

    visits: dict[str, str]
    doctors: dict[str, DoctorCopyRow]
    patients: dict[str, PatientCopyRow]


async def import_visits(base: Foundation, batch: Sequence[ImportedVisit]) -> Imported:
    """One transaction, safe to repeat: what is not fit is refused alone, what is here already stays as it is."""

    async def work(session: AsyncSession) -> Imported:
        known, now = await _known(session, batch), base.clock.now()
        outcome = Imported(ids=dict(known.visits))
        for row in taken(batch, outcome, lambda id, visit: _row(id, visit, known, now)):
            _add(session, base, row)
        await flush_claims(session)
        return outcome

    return await base.database.transaction(work)


async def _known(session: AsyncSession, batch: Sequence[ImportedVisit]) -> _Known:
    return _Known(
        await repository.imported_by_key(session, keys_of(batch)),
        await repository.doctor_copies(session, {visit.doctor_id for visit in batch}),
        await repository.patient_copies(session, {visit.patient_id for visit in batch}),
    )


def _add(session: AsyncSession, base: Foundation, row: AppointmentRow) -> None:
    add_row(session, AppointmentRow, **row.model_dump())
    recording.add_transition(session, row, None, at=row.ends_at, by=None)
    fact = recording.Fact(_EVENTS[row.status], None, {"imported": True})
    base.outbox.record(session, recording.event_of(row, fact), Actor(), occurred_at=row.ends_at)


def _row(id: str, visit: ImportedVisit, known: _Known, now: datetime) -> AppointmentRow:
    """Raises InvalidInput."""
    doctor, patient = _parties(visit, known)
    _check(visit, now)
    return AppointmentRow(
        id=id,
        import_key=visit.import_key,
        patient_id=patient.id,
        patient_name=patient.name,
        patient_email=patient.email,
        patient_phone=patient.phone,
        doctor_id=doctor.id,
        doctor_name=doctor.name,
        department_id=visit.department_id,
        consultation_fee=doctor.consultation_fee,
        slot=visit.starts_at,
        ends_at=visit.ends_at,
        status=visit.status,
        notes=rules.notes(visit.notes),
        version=1,
        created_at=now,
        updated_at=now,
    )


def _parties(visit: ImportedVisit, known: _Known) -> tuple[DoctorCopyRow, PatientCopyRow]:
    doctor, patient = known.doctors.get(visit.doctor_id), known.patients.get(visit.patient_id)
    if patient is None:
        raise InvalidInput("The visit's patient is not known here.")
    if doctor is None:
        raise InvalidInput("The visit's doctor is not known here.")
    return doctor, patient


def _check(visit: ImportedVisit, now: datetime) -> None:
    if not is_id(visit.department_id):
        raise InvalidInput("The visit's department is not known here.")
    if visit.status not in _EVENTS:
        raise InvalidInput(f"{visit.status!r} is not a status that a past visit ends with.")
    if visit.starts_at.tzinfo is None or visit.ends_at.tzinfo is None:
        raise InvalidInput("The visit's times have no offset.")
    if visit.ends_at < visit.starts_at:
        raise InvalidInput("The visit ends before it starts.")
    if visit.starts_at > now:
        raise InvalidInput("The visit is in the future.")
