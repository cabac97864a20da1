"""Changing one's password."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import access, repository, rules
from subgraphs.accounts.events import PasswordChanged
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.keys import SigningKeys
from subgraphs.accounts.service import attempts
from subgraphs.accounts.service.grants import Grant, Opened, Refusal, digest, granted, open_session
from subgraphs.accounts.service.writing import set_password
from subgraphs.accounts.tables import AccountRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal


async def change_password(
    base: Foundation, hashing: PasswordHashing, keys: SigningKeys, principal: Principal | None, current: str, new: str
) -> Grant:
    access.OWN_SESSION.require(principal)
    bearer = signed_in(principal)
    async with base.database.reading() as session:
        account = await repository.account(session, bearer.account_id)
    if account is None or not account.signs_in:
        raise _wrong_current()
    password, kept = rules.password(new, account.email, "newPassword"), account.password_hash
    fits = await _fits_current(base, hashing, account, current)
    password_hash, email_hash = await hashing.hash(password), digest(account.email)

    async def opening(session: AsyncSession) -> Opened | Refusal:
        too_many = await attempts.too_many(base, session, email_hash)
        if too_many is not None:
            return too_many
        row = await repository.locked_account(session, account.id)
        if not fits or row is None or not row.signs_in or row.password_hash != kept:
            return await attempts.fail(base, session, email_hash, row, "wrong current password") or _wrong_current()
        await repository.forget_failures(session, email_hash)
        await set_password(base, session, row, password_hash)
        changed = PasswordChanged(account_id=row.id, patient_id=row.patient_id)
        base.outbox.record(session, changed, Actor.of(bearer))
        return await open_session(base, session, row)

    return await granted(base, keys, opening)


async def _fits_current(base: Foundation, hashing: PasswordHashing, account: AccountRow, current: str) -> bool:
    """Raises TooManyRequests before any work is done."""
    async with base.database.reading() as session:
        too_many = await attempts.too_many(base, session, digest(account.email))
    if too_many is not None:
        raise too_many
    return await hashing.verify(account.password_hash, rules.tried_password(current))


def _wrong_current() -> Refused:
    return Refused(Problem("INVALID_CREDENTIALS", "The current password is not right.", ("currentPassword",)))
