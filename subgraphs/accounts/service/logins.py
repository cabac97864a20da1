"""Logins: making them, looking them up, disabling them."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import access, repository, rules
from subgraphs.accounts.events import AccountDisabled
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.service.writing import email_taken, end_all, new_account, write_open
from subgraphs.accounts.tables import AccountRow, Status
from subgraphs.kernel import signup
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.email_address import compared, may_be_address
from subgraphs.kernel.errors import InvalidInput, NotFound
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.idempotency import once
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal, RoleName

_CREATE_STAFF = "createStaffAccount"


async def account_by_email(base: Foundation, principal: Principal | None, email: str) -> AccountRow | None:
    access.ANY_ACCOUNT.require(principal)
    tried = compared(email)
    async with base.database.reading() as session:
        row = await repository.account_of_email(session, tried) if may_be_address(tried) else None
    return None if row is None or row.is_held else row


async def create_staff_account(
    base: Foundation,
    hashing: PasswordHashing,
    principal: Principal | None,
    email: str,
    password: str,
    role: RoleName,
    idempotency_key: str | None,
) -> AccountRow:
    access.STAFF.require(principal)
    admin = signed_in(principal)
    kept_email, kept_password = rules.credentials(email, password)
    fields = {"email": kept_email, "role": role.value}
    claim = await signup.claim(admin.account_id, _CREATE_STAFF, idempotency_key, fields, kept_password)
    password_hash = await hashing.hash(kept_password)

    async def work(session: AsyncSession, id: str) -> None:
        row = new_account(base, role, kept_email, Status.OPEN, id=id)
        await write_open(base, session, row, password_hash, Actor.of(admin))

    return await _written(base, await once(base.database, base.clock, claim, work))


async def create_admin(base: Foundation, hashing: PasswordHashing, email: str, password: str) -> AccountRow:
    kept_email, kept_password = rules.credentials(email, password)
    password_hash = await hashing.hash(kept_password)

    async def work(session: AsyncSession) -> AccountRow:
        row = new_account(base, RoleName.ADMIN, kept_email, Status.OPEN)
        return await write_open(base, session, row, password_hash, Actor())

    return await base.database.transaction(work)


async def create_login(
    base: Foundation, hashing: PasswordHashing, email: str, password: str, role: RoleName, subject_id: str | None
) -> AccountRow:
    kept_email, kept_password = rules.credentials(email, password)
    if (subject_id is not None) != (role in rules.ROLES_OF_SUBJECTS):
        raise InvalidInput("A patient's or doctor's login is for one of them, and no other is.", "role")
    password_hash = await hashing.hash(kept_password)

    async def work(session: AsyncSession) -> AccountRow:
        known = await repository.account_of_email(session, kept_email)
        row = new_account(base, role, kept_email, Status.OPEN, subject_id=subject_id)
        if known is None:
            return await write_open(base, session, row, password_hash, Actor())
        if known.signs_in and (known.role, known.subject) == (row.role, row.subject):
            return known
        raise email_taken("email")

    return await base.database.transaction(work)


async def disable_account(base: Foundation, principal: Principal | None, id: str, reason: str) -> AccountRow:
    access.DISABLE.require(principal)
    admin, kept_reason = signed_in(principal), rules.reason(reason)
    if not is_id(id):
        raise NotFound("account", "id")
    if id == admin.account_id:
        raise InvalidInput("Nobody disables their own login: ask another ADMIN.", "id")

    async def work(session: AsyncSession) -> AccountRow:
        admins = await repository.enabled_admins(session)
        row = await repository.locked_account(session, id)
        if row is None or row.is_held:
            raise NotFound("account", "id")
        if row.disabled_at is None:
            if [row.id for row in admins] == [id]:
                raise InvalidInput("This is the last ADMIN: make another one first.", "id")
            await _disable(base, session, row, kept_reason, Actor.of(admin))
        return row

    return await base.database.transaction(work)


async def _disable(base: Foundation, session: AsyncSession, row: AccountRow, reason: str, actor: Actor) -> None:
    row.disabled_at = base.clock.now()
    session.add(row)
    await end_all(base, session, row)
    event = AccountDisabled(account_id=row.id, patient_id=row.patient_id, reason=reason)
    base.outbox.record(session, event, actor)


async def _written(base: Foundation, id: str) -> AccountRow:
    async with base.database.reading() as session:
        row = await repository.account(session, id)
    if row is None:
        raise LookupError(f"account {id} was written and is not there")
    return row
