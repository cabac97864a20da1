"""Setting a password by a mailed link."""

import asyncio

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository, rules
from subgraphs.accounts.copies import open_held
from subgraphs.accounts.events import PasswordReset, PasswordResetRequested
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.keys import SigningKeys
from subgraphs.accounts.service.grants import Grant, Opened, digest, granted, open_session, session_expired
from subgraphs.accounts.service.links import LinkTokens, add_link, is_good
from subgraphs.accounts.service.owners import Owners
from subgraphs.accounts.service.writing import actor_of, record_created, set_password
from subgraphs.accounts.tables import AccountRow, Purpose, Status
from subgraphs.kernel.email_address import compared, email_address
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.last_minute import LastMinute
from subgraphs.kernel.principal import RoleName


async def request_reset(
    base: Foundation, tokens: LinkTokens, owners: Owners, told: LastMinute, email: str, answer_seconds: float
) -> None:
    """A held login is opened by this as by signing in; while its owner cannot say, there is none.

    Requests that make no link are announced once a minute of each login, and of all that are of none.
    """
    kept = compared(email_address(email, "email"))
    answer_at = asyncio.get_running_loop().time() + answer_seconds
    account = await _account_of_email(base, kept)
    held = await _hold_to_open(owners, account, answer_seconds / 2)
    with told.announcing(None if account is None else account.id) as is_new:
        await _add_reset_link(base, tokens, kept, held, announced=is_new)
    await asyncio.sleep(answer_at - asyncio.get_running_loop().time())


async def reset_password(base: Foundation, hashing: PasswordHashing, keys: SigningKeys, token: str, new: str) -> Grant:
    token_hash = digest(token)
    account = await _account_of_link(base, token_hash)
    password_hash = await hashing.hash(rules.password(new, account.email, "newPassword"))

    async def opening(session: AsyncSession) -> Opened:
        row = await repository.locked_account(session, account.id)
        if not await repository.use_link(session, token_hash, base.clock.now()) or row is None or not _may_be_set(row):
            raise _link_over()
        return await _set_by_link(base, session, row, password_hash)

    return await granted(base, keys, opening)


async def _account_of_email(base: Foundation, email: str) -> AccountRow | None:
    async with base.database.reading() as session:
        return await repository.account_of_email(session, email)


async def _hold_to_open(owners: Owners, account: AccountRow | None, within_seconds: float) -> AccountRow | None:
    """The login where it is held and its owner says that the patient or doctor was written."""
    if account is None or not account.is_held:
        return None
    return account if await owners.have_written(account, within_seconds) else None


async def _add_reset_link(
    base: Foundation, tokens: LinkTokens, email: str, held: AccountRow | None, *, announced: bool
) -> None:
    """A link is announced in any case."""

    async def work(session: AsyncSession) -> None:
        if held is not None and (row := await repository.locked_account(session, held.id)) is not None:
            open_held(session, base.outbox, row, Actor())
        account = await repository.account_of_email(session, email)
        link_id = None
        if account is not None and await _gets_link(base, session, account):
            link_id = await add_link(base, tokens, session, account, Purpose.RESET, rules.RESET_LINK_LASTS)
        if link_id is not None or announced:
            base.outbox.record(session, _requested(account, link_id), Actor())

    await base.database.transaction(work)


async def _gets_link(base: Foundation, session: AsyncSession, account: AccountRow) -> bool:
    """Not a dead patient, and not somebody whose mailbox others are filling."""
    if not account.signs_in or await _is_dead(session, account):
        return False
    since = base.clock.now() - rules.RESET_LINKS_SPAN
    return await repository.links_since(session, account.id, since) < rules.RESET_LINKS_TAKEN


async def _is_dead(session: AsyncSession, account: AccountRow) -> bool:
    if account.patient_id is None:
        return False
    patient = await repository.subject(session, RoleName.PATIENT, account.patient_id)
    return patient is not None and not patient.invitable


async def _account_of_link(base: Foundation, token_hash: str) -> AccountRow:
    """Raises Refused SESSION_EXPIRED before any work is done for a link that is good for nothing."""
    async with base.database.reading() as session:
        link = await repository.link(session, token_hash)
        account = None if link is None else await repository.account(session, link.account_id)
    if link is None or account is None or not is_good(base, link) or not _may_be_set(account):
        raise _link_over()
    return account


async def _set_by_link(base: Foundation, session: AsyncSession, row: AccountRow, password_hash: str) -> Opened:
    actor, opens = actor_of(row), row.status == Status.INVITED
    row.status = Status.OPEN
    await set_password(base, session, row, password_hash)
    await repository.forget_failures(session, digest(row.email))
    if opens:
        record_created(base, session, row, actor)
    base.outbox.record(session, PasswordReset(account_id=row.id, patient_id=row.patient_id), actor)
    return await open_session(base, session, row)


def _requested(account: AccountRow | None, link_id: str | None) -> PasswordResetRequested:
    if account is None:
        return PasswordResetRequested(account_id=None)
    email = account.email if link_id is not None else ""
    return PasswordResetRequested(account_id=account.id, patient_id=account.patient_id, link_id=link_id, email=email)


def _may_be_set(account: AccountRow) -> bool:
    return not account.is_held and account.disabled_at is None


def _link_over() -> Refused:
    return session_expired("This link is used or has ended. Ask for a new one.", "token")
