"""What every use case of accounts has at hand, and what several of them do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository, rules
from subgraphs.accounts.events import AccountCreated
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.keys import SigningKeys
from subgraphs.accounts.service.grants import Opened
from subgraphs.accounts.service.owners import Owners
from subgraphs.accounts.tables import AccountRow, RefreshTokenRow, SessionRow, Status
from subgraphs.kernel.errors import Problem, Refused, RequestError
from subgraphs.kernel.events import Actor, Event
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.mail import Mailbox
from subgraphs.kernel.principal import RoleName

Given = TypeVar("Given")
Refusal = Refused | RequestError


@dataclass(frozen=True)
class Desk:
    """`reset_answer_seconds`: how long the answer to a request for a reset takes at the least, known or not."""

    base: Foundation
    hashing: PasswordHashing
    keys: SigningKeys
    mailbox: Mailbox = field(repr=False)
    owners: Owners
    reset_answer_seconds: float = 0.2

    def now(self) -> datetime:
        return self.base.clock.now()

    def record(self, session: AsyncSession, event: Event, actor: Actor) -> None:
        self.base.outbox.record(session, event, actor)

    async def decided(self, work: Callable[[AsyncSession], Awaitable[Given | Refusal]]) -> Given:
        """What `work` gives. A refusal that it gives, and does not raise, keeps what the transaction has written."""
        given = await self.base.database.transaction(work)
        if isinstance(given, Refused | RequestError):
            raise given
        return given

    def new_account(
        self, role: RoleName, email: str, status: Status, *, subject_id: str | None = None, id: str | None = None
    ) -> AccountRow:
        """A login that is not written yet, of the patient or doctor `subject_id` where the role is theirs."""
        return AccountRow(
            id=id or new_id(),
            email=email,
            role=role,
            patient_id=subject_id if role is RoleName.PATIENT else None,
            doctor_id=subject_id if role is RoleName.DOCTOR else None,
            status=status,
            created_at=self.now(),
        )

    async def write(self, session: AsyncSession, account: AccountRow, *field: str) -> None:
        """Raises Refused EMAIL_TAKEN, of that field of the input."""
        try:
            await repository.write_account(session, account)
        except repository.Taken:
            raise email_taken(*field) from None

    async def open_session(self, session: AsyncSession, account: AccountRow) -> Opened:
        """Adds a new session of the login, and its first refresh token."""
        now = self.now()
        ends_at = now + rules.SESSION_LASTS
        row = SessionRow(id=new_id(), account_id=account.id, created_at=now, used_at=now, ends_at=ends_at)
        session.add(row)
        await session.flush()
        return self.add_refresh_token(session, account, row)

    def add_refresh_token(self, session: AsyncSession, account: AccountRow, row: SessionRow) -> Opened:
        opened = Opened.by_new_token(account, row.id)
        expires_at = rules.refresh_token_ends(self.now(), row.ends_at)
        session.add(RefreshTokenRow(token_hash=opened.token_hash, session_id=row.id, expires_at=expires_at))
        return opened

    async def set_password(self, session: AsyncSession, account: AccountRow, password_hash: str) -> None:
        """Writes the new hash, and ends whatever the old password or a link had opened."""
        account.password_hash = password_hash
        session.add(account)
        await repository.end_sessions(session, account.id, self.now())
        await repository.void_links(session, account.id, self.now())

    def record_created(self, session: AsyncSession, account: AccountRow, actor: Actor) -> None:
        created = AccountCreated(account_id=account.id, patient_id=account.patient_id, role=account.role)
        self.record(session, created, actor)


def email_taken(*field: str) -> Refused:
    return Refused(Problem("EMAIL_TAKEN", "There is a login for this e-mail already.", field or None))


def session_expired(message: str, *field: str) -> Refused:
    return Refused(Problem("SESSION_EXPIRED", message, field or None))


def actor_of(account: AccountRow) -> Actor:
    return Actor(account.id, account.email, account.role)
