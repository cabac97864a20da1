"""How a login is made and written, and what its changes leave behind."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository
from subgraphs.accounts.events import AccountCreated
from subgraphs.accounts.tables import AccountRow, Status
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.principal import RoleName


def new_account(
    base: Foundation, role: RoleName, email: str, status: Status, *, subject_id: str | None = None, id: str = ""
) -> AccountRow:
    """A login that is not written yet, of the patient or doctor `subject_id` where the role is theirs."""
    return AccountRow(
        id=id or new_id(),
        email=email,
        role=role,
        patient_id=subject_id if role is RoleName.PATIENT else None,
        doctor_id=subject_id if role is RoleName.DOCTOR else None,
        status=status,
        created_at=base.clock.now(),
    )


async def write(session: AsyncSession, account: AccountRow, *field: str) -> None:
    """Raises Refused EMAIL_TAKEN, of that field of the input."""
    try:
        await repository.write_account(session, account)
    except repository.Taken:
        raise email_taken(*field) from None


async def write_open(
    base: Foundation, session: AsyncSession, account: AccountRow, password_hash: str, actor: Actor
) -> AccountRow:
    """Writes a new login that signs in from now on. Raises Refused EMAIL_TAKEN."""
    account.password_hash = password_hash
    await write(session, account, "email")
    record_created(base, session, account, actor)
    return account


def record_created(base: Foundation, session: AsyncSession, account: AccountRow, actor: Actor) -> None:
    created = AccountCreated(account_id=account.id, patient_id=account.patient_id, role=account.role)
    base.outbox.record(session, created, actor)


async def set_password(base: Foundation, session: AsyncSession, account: AccountRow, password_hash: str) -> None:
    """Writes the new hash, and ends whatever the old password or a link had opened."""
    account.password_hash = password_hash
    session.add(account)
    await end_all(base, session, account)


async def end_all(base: Foundation, session: AsyncSession, account: AccountRow) -> None:
    """Ends every session of the login, and every link that is on its way."""
    await repository.end_sessions(session, account.id, base.clock.now())
    await repository.void_links(session, account.id, base.clock.now())


def email_taken(*field: str) -> Refused:
    return Refused(Problem("EMAIL_TAKEN", "There is a login for this e-mail already.", field or None))


def actor_of(account: AccountRow) -> Actor:
    return Actor(account.id, account.email, account.role)
