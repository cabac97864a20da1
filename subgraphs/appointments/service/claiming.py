"""Taking the time of doctor and patient: the database decides, and is asked afterwards whose time it refused."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.appointments import repository
from subgraphs.appointments.rules import PatientBusy, SlotTaken, Span
from subgraphs.appointments.tables import AppointmentRow
from subgraphs.kernel.database import Database

T = TypeVar("T")

_ATTEMPTS = 5


class TimeClaimed(Exception):
    """Another appointment has some of that time: the transaction is lost."""

    def __init__(self, doctor: str, patient: str, span: Span, appointment_id: str) -> None:
        super().__init__("claimed")
        self.doctor, self.patient, self.span, self.appointment_id = doctor, patient, span, appointment_id


def span_of(row: AppointmentRow) -> Span:
    return Span(row.slot, row.ends_at)


async def take(session: AsyncSession, row: AppointmentRow, span: Span) -> None:
    """Raises TimeClaimed."""
    doctor, patient = _owners(row)
    try:
        await repository.claim(session, (doctor, patient), span, row.id)
    except IntegrityError as error:
        raise TimeClaimed(doctor, patient, span, row.id) from error


async def free(session: AsyncSession, row: AppointmentRow) -> None:
    await repository.free(session, _owners(row), span_of(row))


async def decided(database: Database, attempt: Callable[[], Awaitable[T]]) -> T:
    """Runs the attempt, again where the time that it was refused is free by now. Raises SlotTaken, PatientBusy."""
    for _ in range(_ATTEMPTS):
        try:
            return await attempt()
        except TimeClaimed as claimed:
            await _refuse(database, claimed)
    raise SlotTaken


async def _refuse(database: Database, claimed: TimeClaimed) -> None:
    owners = (claimed.doctor, claimed.patient)
    async with database.reading() as session:
        holders = await repository.claimants(session, owners, claimed.span, except_for=claimed.appointment_id)
    if claimed.doctor in holders:
        raise SlotTaken
    if claimed.patient in holders:
        raise PatientBusy


def _owners(row: AppointmentRow) -> tuple[str, str]:
    return repository.doctors_time(row.doctor_id), repository.patients_time(row.patient_id)
