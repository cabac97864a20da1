"""Signing in."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository, rules
from subgraphs.accounts.copies import open_held
from subgraphs.accounts.events import SignedIn
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.keys import SigningKeys
from subgraphs.accounts.service import attempts
from subgraphs.accounts.service.grants import Grant, Opened, Refusal, digest, granted, open_session
from subgraphs.accounts.service.owners import Owners
from subgraphs.accounts.service.writing import actor_of
from subgraphs.accounts.tables import AccountRow
from subgraphs.kernel.email_address import compared, may_be_address
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation

_OWNER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Trial:
    """What was found of a login before the transaction that decides: `kept` is the hash that the password is held to.

    `opens`: the login is held, and its owner says that the patient or doctor was written.
    """

    account: AccountRow | None
    kept: str | None
    fits: bool
    opens: bool
    rehashed: str | None

    def lets_into(self, account: AccountRow) -> bool:
        """Whether that is the login as it is now, which may have another password, or be disabled, since."""
        return self.fits and account.signs_in and account.password_hash == self.kept


async def sign_in(
    base: Foundation, hashing: PasswordHashing, keys: SigningKeys, owners: Owners, email: str, password: str
) -> Grant:
    """The password of a held login opens it and lets in, when its owner says that the patient or doctor was written:
    whoever signs in right after signing up need not wait for the event. The owner is asked by the right password
    alone, so that neither the answer nor its time tells anybody else that there is such a login; while the owner
    cannot say, the right password is a wrong one.
    """
    email_hash = digest(compared(email))
    account = await _tried_account(base, compared(email), email_hash)
    trial = await _try(hashing, owners, account, rules.tried_password(password))

    async def opening(session: AsyncSession) -> Opened | Refusal:
        too_many = await attempts.too_many(base, session, email_hash)
        if too_many is not None:
            return too_many
        row = await _locked(base, session, trial)
        if row is None or not trial.lets_into(row):
            return await attempts.fail(base, session, email_hash, row, _reason(row)) or _invalid_credentials()
        row.password_hash = trial.rehashed or trial.kept
        return await _let_in(base, session, row, email_hash)

    return await granted(base, keys, opening)


async def _tried_account(base: Foundation, email: str, email_hash: str) -> AccountRow | None:
    """The login of that e-mail. Raises TooManyRequests before any work is done for it."""
    async with base.database.reading() as session:
        too_many = await attempts.too_many(base, session, email_hash)
        if too_many is not None:
            raise too_many
        return await repository.account_of_email(session, email) if may_be_address(email) else None


async def _try(hashing: PasswordHashing, owners: Owners, account: AccountRow | None, password: str) -> _Trial:
    """The same work whatever is known of the e-mail, but for who gives the right password."""
    kept = account.password_hash if account is not None and (account.signs_in or account.is_held) else None
    if not await hashing.verify(kept, password) or account is None or kept is None:
        return _Trial(account, kept, fits=False, opens=False, rehashed=None)
    opens = account.is_held and bool(await owners.have_written(account, _OWNER_SECONDS))
    rehashed = await hashing.hash(password) if hashing.is_outdated(kept) else None
    return _Trial(account, kept, fits=True, opens=opens, rehashed=rehashed)


async def _locked(base: Foundation, session: AsyncSession, trial: _Trial) -> AccountRow | None:
    """The login that was tried, as it is now, and opened where that is due."""
    row = None if trial.account is None else await repository.locked_account(session, trial.account.id)
    if row is not None and trial.opens:
        open_held(session, base.outbox, row, Actor())
    return row


async def _let_in(base: Foundation, session: AsyncSession, account: AccountRow, email_hash: str) -> Opened:
    await repository.forget_failures(session, email_hash)
    session.add(account)
    opened = await open_session(base, session, account)
    event = SignedIn(session_id=opened.session_id, account_id=account.id, patient_id=account.patient_id)
    base.outbox.record(session, event, actor_of(account))
    return opened


def _reason(account: AccountRow | None) -> str:
    if account is None:
        return "unknown e-mail"
    return "wrong password" if account.signs_in else "no login is open"


def _invalid_credentials() -> Refused:
    return Refused(Problem("INVALID_CREDENTIALS", "The e-mail or the password is not right."))
