"""What accounts keeps of patients and doctors, fed by their events: whom to invite at which e-mail.

Their registration also opens the login that was held for them.
"""

from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.accounts.events import AccountCreated
from subgraphs.accounts.tables import AccountRow, Status, SubjectRow
from subgraphs.doctors.events import DoctorDeactivated, DoctorRegistered, DoctorState, DoctorUpdated
from subgraphs.kernel.events import Actor, Envelope, Event, decoder, topic_of
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.outbox import Outbox
from subgraphs.kernel.principal import RoleName
from subgraphs.patients.events import PatientRegistered, PatientState, PatientUpdated

CONSUMER = "accounts.copies"
DECODER = decoder((PatientRegistered, PatientUpdated, DoctorRegistered, DoctorUpdated, DoctorDeactivated))


def subscriber(base: Foundation) -> Subscriber:
    topics = (topic_of("patients"), topic_of("doctors"))
    return Subscriber.once(CONSUMER, topics, base.database, base.clock, partial(_apply, base.outbox))


def open_held(session: AsyncSession, outbox: Outbox, account: AccountRow, actor: Actor) -> bool:
    """Opens the locked login, if it is held still: its owner's event, a sign-in and the timer may all come to do so.

    The first of them does, and announces it; False for the others.
    """
    if not account.is_held:
        return False
    account.status, account.held_at = Status.OPEN, None
    session.add(account)
    created = AccountCreated(account_id=account.id, patient_id=account.patient_id, role=account.role)
    outbox.record(session, created, actor)
    return True


async def _apply(outbox: Outbox, session: AsyncSession, message: Envelope) -> None:
    event = DECODER.decode(message)
    subject = _subject(event)
    if subject is None:
        return
    await repository.write_subject(session, subject)
    if isinstance(event, PatientRegistered | DoctorRegistered) and event.opens_login:
        held = await repository.account_of_subject(session, RoleName(subject.role), subject.id)
        if held is not None:
            open_held(session, outbox, held, message.actor)


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
