"""Taking over past visits from another system: no claim on time, one line of history, one event, not on the stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
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
from subgraphs.kernel.database import Race
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import is_id, new_id
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.rows import add_row, write_rows

_EVENTS: dict[str, type[AppointmentState]] = {
    Status.COMPLETED.value: AppointmentCompleted,
    Status.REJECTED.value: AppointmentRejected,
    Status.CANCELLED.value: AppointmentCancelled,
    Status.NO_SHOW.value: AppointmentNoShow,
}
_MAXIMUM_KEY = 200


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


class _Unfit(Exception):
    """Why a visit is not taken."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a batch is here already: visits by key, doctors and patients by id."""

    visits: dict[str, str]
    doctors: dict[str, DoctorCopyRow]
    patients: dict[str, PatientCopyRow]


async def import_visits(base: Foundation, batch: Sequence[ImportedVisit]) -> Imported:
    """One transaction, safe to repeat: what is not fit is refused alone, what is here already stays as it is."""

    async def work(session: AsyncSession) -> Imported:
        known = await _known(session, batch)
        outcome = Imported(ids=dict(known.visits))
        for visit in batch:
            if visit.import_key not in outcome.ids:
                _take(session, base, visit, known, outcome)
        await _flush(session)
        return outcome

    return await base.database.transaction(work)


async def _known(session: AsyncSession, batch: Sequence[ImportedVisit]) -> _Known:
    return _Known(
        await repository.imported_by_key(session, [visit.import_key for visit in batch if _is_key(visit.import_key)]),
        await repository.doctor_copies(session, {visit.doctor_id for visit in batch}),
        await repository.patient_copies(session, {visit.patient_id for visit in batch}),
    )


async def _flush(session: AsyncSession) -> None:
    try:
        await write_rows(session)
    except IntegrityError as error:
        raise Race from error


def _take(session: AsyncSession, base: Foundation, visit: ImportedVisit, known: _Known, outcome: Imported) -> None:
    try:
        row = _row(visit, known, base.clock.now())
    except (_Unfit, InvalidInput) as unfit:
        outcome.refused[visit.import_key] = str(unfit)
        return
    add_row(session, AppointmentRow, **row.model_dump())
    recording.add_transition(session, row, None, at=visit.ends_at, by=None)
    fact = recording.Fact(_EVENTS[row.status], None, {"imported": True})
    base.outbox.record(session, recording.event_of(row, fact), Actor(), occurred_at=visit.ends_at)
    outcome.ids[visit.import_key] = row.id
    outcome.made += 1


def _row(visit: ImportedVisit, known: _Known, now: datetime) -> AppointmentRow:
    """Raises _Unfit, InvalidInput."""
    doctor, patient = _parties(visit, known)
    _check(visit, now)
    return AppointmentRow(
        id=new_id(),
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
        raise _Unfit("its patient is not known here")
    if doctor is None:
        raise _Unfit("its doctor is not known here")
    return doctor, patient


def _check(visit: ImportedVisit, now: datetime) -> None:
    if not _is_key(visit.import_key):
        raise _Unfit(f"its import key has not 1 to {_MAXIMUM_KEY} printable characters")
    if not is_id(visit.department_id):
        raise _Unfit("its department is not known here")
    if visit.status not in _EVENTS:
        raise _Unfit(f"{visit.status!r} is not a status that a past visit ends with")
    if visit.starts_at.tzinfo is None or visit.ends_at.tzinfo is None:
        raise _Unfit("its times have no offset")
    if visit.ends_at < visit.starts_at:
        raise _Unfit("it ends before it starts")
    if visit.starts_at > now:
        raise _Unfit("it is in the future")


def _is_key(key: str) -> bool:
    return 1 <= len(key) <= _MAXIMUM_KEY and key.isprintable()
