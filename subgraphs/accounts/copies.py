"""What accounts keeps of patients and doctors, fed by their events: whom to invite at which e-mail.

Their registration also opens the login that was held for them.
"""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.accounts.events import AccountCreated
from subgraphs.accounts.tables import SubjectRow
from subgraphs.doctors.events import DoctorDeactivated, DoctorRegistered, DoctorState, DoctorUpdated
from subgraphs.kernel.events import Envelope, Event, decoder, topic_of
from subgraphs.kernel.outbox import Outbox
from subgraphs.kernel.principal import RoleName
from subgraphs.patients.events import PatientRegistered, PatientState, PatientUpdated

CONSUMER = "accounts.copies"
TOPICS = (topic_of("patients"), topic_of("doctors"))

_DECODER = decoder((PatientRegistered, PatientUpdated, DoctorRegistered, DoctorUpdated, DoctorDeactivated))


@dataclass(frozen=True)
class Copies:
    outbox: Outbox

    async def handle(self, session: AsyncSession, message: Envelope) -> None:
        event = _DECODER.decode(message)
        subject = _subject(event)
        if subject is None:
            return
        await repository.write_subject(session, subject)
        if isinstance(event, PatientRegistered | DoctorRegistered) and event.opens_login:
            await self._open(session, RoleName(subject.role), subject.id, message)

    async def _open(self, session: AsyncSession, role: RoleName, subject_id: str, message: Envelope) -> None:
        row = await repository.open_held(session, role, subject_id)
        if row is not None:
            created = AccountCreated(account_id=row.id, patient_id=row.patient_id, role=row.role)
            self.outbox.record(session, created, message.actor)


def _subject(event: Event | None) -> SubjectRow | None:
    match event:
        case PatientState():
            invitable = event.deceased_at is None
            return _row(event.patient_id, RoleName.PATIENT, event.version, event.email, invitable)
        case DoctorState():
            return _row(event.doctor_id, RoleName.DOCTOR, event.version, event.email, event.active)
        case _:
            return None


def _row(id: str, role: RoleName, version: int, email: str | None, invitable: bool) -> SubjectRow:
    return SubjectRow(id=id, role=role, version=version, email=email or None, invitable=invitable)
