"""Changing a password, and setting one by a mailed link."""

import asyncio
from dataclasses import dataclass

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import access, repository, rules
from subgraphs.accounts.copies import open_held
from subgraphs.accounts.events import PasswordChanged, PasswordReset, PasswordResetRequested
from subgraphs.accounts.service import mails
from subgraphs.accounts.service.attempts import Attempts
from subgraphs.accounts.service.desk import Refusal, actor_of, session_expired
from subgraphs.accounts.service.grants import Grant, Opened, digest
from subgraphs.accounts.service.links import Link, Links, MailNotTaken
from subgraphs.accounts.tables import AccountRow, LinkRow, Purpose, Status
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.email_address import compared, email_address
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.principal import Principal, RoleName

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Passwords(Attempts, Links):
    async def change_password(self, principal: Principal | None, current: str, new: str) -> Grant:
        """Ends every session of the login and opens a new one.

        Raises Refused (WEAK_PASSWORD, INVALID_INPUT, INVALID_CREDENTIALS), and TooManyRequests as signing in does.
        """
        access.OWN_SESSION.require(principal)
        bearer = signed_in(principal)
        async with self.base.database.reading() as session:
            account = await repository.account(session, bearer.account_id)
        if account is None or not account.signs_in:
            raise _wrong_current()
        password, kept = rules.password(new, account.email, "newPassword"), account.password_hash
        fits = await self._fits_current(account, current)
        password_hash = await self.hashing.hash(password)
        signer = await self.keys.signer()

        async def work(session: AsyncSession) -> Opened | Refusal:
            email_hash = digest(account.email)
            too_many = await self._too_many(session, email_hash)
            if too_many is not None:
                return too_many
            row = await repository.locked_account(session, account.id)
            if not fits or row is None or not row.signs_in or row.password_hash != kept:
                return await self._fail(session, email_hash, row, "wrong current password") or _wrong_current()
            await repository.forget_failures(session, email_hash)
            await self.set_password(session, row, password_hash)
            self.record(session, PasswordChanged(account_id=row.id, patient_id=row.patient_id), Actor.of(bearer))
            return await self.open_session(session, row)

        return Grant.of(await self.decided(work), signer, self.base.settings.public_url, self.now())

    async def request_reset(self, email: str) -> None:
        """Mails a link to whoever has that login. Answers alike, and after the same time, where there is none.

        A held login is opened by that as by signing in; while its owner cannot say, there is none.
        Raises InvalidInput for what is no e-mail.
        """
        kept = compared(email_address(email, "email"))
        answer_at = asyncio.get_running_loop().time() + self.reset_answer_seconds
        try:
            await self._mail_reset_link(kept)
        except MailNotTaken as error:
            log.error("accounts.reset_not_mailed", mail_id=str(error), error=repr(error.__cause__))
        await asyncio.sleep(answer_at - asyncio.get_running_loop().time())

    async def reset_password(self, token: str, new: str) -> Grant:
        """Sets the password of the login that the link is for, opens it where it was not, and lets its owner in.

        Raises Refused: SESSION_EXPIRED for a link that is unknown, used, void or too old, WEAK_PASSWORD, INVALID_INPUT.
        """
        token_hash = digest(token)
        account = await self._account_of_link(token_hash)
        password_hash = await self.hashing.hash(rules.password(new, account.email, "newPassword"))
        signer = await self.keys.signer()

        async def work(session: AsyncSession) -> Opened:
            row = await repository.locked_account(session, account.id)
            if not await repository.use_link(session, token_hash, self.now()) or row is None or not _may_be_set(row):
                raise _link_over()
            return await self._set_by_link(session, row, password_hash)

        return Grant.of(await self.decided(work), signer, self.base.settings.public_url, self.now())

    async def _set_by_link(self, session: AsyncSession, row: AccountRow, password_hash: str) -> Opened:
        actor, opens = actor_of(row), row.status == Status.INVITED
        row.status = Status.OPEN
        await self.set_password(session, row, password_hash)
        await repository.forget_failures(session, digest(row.email))
        if opens:
            self.record_created(session, row, actor)
        self.record(session, PasswordReset(account_id=row.id, patient_id=row.patient_id), actor)
        return await self.open_session(session, row)

    async def _fits_current(self, account: AccountRow, current: str) -> bool:
        async with self.base.database.reading() as session:
            too_many = await self._too_many(session, digest(account.email))
        if too_many is not None:
            raise too_many
        return await self.hashing.verify(account.password_hash, rules.tried_password(current))

    async def _account_of_link(self, token_hash: str) -> AccountRow:
        """Raises Refused SESSION_EXPIRED before any work is done for a link that is good for nothing."""
        async with self.base.database.reading() as session:
            link = await repository.link(session, token_hash)
            account = None if link is None else await repository.account(session, link.account_id)
        if link is None or account is None or not self._is_good(link) or not _may_be_set(account):
            raise _link_over()
        return account

    def _is_good(self, link: LinkRow) -> bool:
        return link.ended_at is None and link.expires_at > self.now()

    async def _mail_reset_link(self, email: str) -> None:
        link, held = Link.new(Purpose.RESET, rules.RESET_LINK_LASTS), await self._hold_to_open(email)

        async def work(session: AsyncSession) -> None:
            if held is not None and (row := await repository.locked_account(session, held.id)) is not None:
                open_held(session, self.base.outbox, row, Actor())
            account = await repository.account_of_email(session, email)
            self.record(session, _requested(account), Actor())
            if account is not None and await self._gets_link(session, account):
                await self.mail_link(session, account, link, mails.password_reset)

        await self.base.database.transaction(work)

    async def _hold_to_open(self, email: str) -> AccountRow | None:
        """The owner has half of the time that the answer takes in any case."""
        async with self.base.database.reading() as session:
            account = await repository.account_of_email(session, email)
        if account is None or not account.is_held:
            return None
        return account if await self.owners.have_written(account, self.reset_answer_seconds / 2) else None

    async def _gets_link(self, session: AsyncSession, account: AccountRow) -> bool:
        """Not a dead patient, and not somebody whose mailbox others are filling."""
        if not account.signs_in or await self._is_dead(session, account):
            return False
        since = self.now() - rules.RESET_LINKS_SPAN
        return await repository.links_since(session, account.id, since) < rules.RESET_LINKS_TAKEN

    async def _is_dead(self, session: AsyncSession, account: AccountRow) -> bool:
        if account.patient_id is None:
            return False
        patient = await repository.subject(session, RoleName.PATIENT, account.patient_id)
        return patient is not None and not patient.invitable


def _requested(account: AccountRow | None) -> PasswordResetRequested:
    if account is None:
        return PasswordResetRequested(account_id=None)
    return PasswordResetRequested(account_id=account.id, patient_id=account.patient_id)


def _may_be_set(account: AccountRow) -> bool:
    return account.status != Status.HELD and account.disabled_at is None


def _wrong_current() -> Refused:
    return Refused(Problem("INVALID_CREDENTIALS", "The current password is not right.", ("currentPassword",)))


def _link_over() -> Refused:
    return session_expired("This link is used or has ended. Ask for a new one.", "token")
