"""Logins for a sign-up over two domains: held while the owner writes the patient or doctor, opened by its event."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository, rules
from subgraphs.accounts.copies import open_held
from subgraphs.accounts.hashing import PasswordHashing
from subgraphs.accounts.service.owners import Owners
from subgraphs.accounts.service.writing import email_taken, new_account, write
from subgraphs.accounts.tables import AccountRow, Status
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.signup import HOLD_SETTLED_AFTER

_PAGE = 100
_OWNER_SECONDS = 5.0


@dataclass(slots=True)
class Settled:
    opened: int = 0
    dropped: int = 0
    kept: int = 0


async def hold(
    base: Foundation, hashing: PasswordHashing, *, email: str, password: str, role: RoleName, subject_id: str
) -> None:
    if role not in rules.ROLES_OF_SUBJECTS:
        raise InvalidInput("A login is held for a patient or a doctor alone.", "role")
    kept_email, kept_password = rules.credentials(email, password)
    password_hash = await hashing.hash(kept_password)

    async def work(session: AsyncSession) -> None:
        row = await repository.account_of_subject(session, role, subject_id)
        if row is not None and row.status == Status.OPEN and row.email == kept_email:
            return
        if row is not None and not row.is_held:
            raise email_taken("email")
        row = row or new_account(base, role, kept_email, Status.HELD, subject_id=subject_id)
        row.email, row.password_hash, row.held_at = kept_email, password_hash, base.clock.now()
        await write(session, row, "email")

    await base.database.transaction(work)


async def release(base: Foundation, *, role: RoleName, subject_id: str) -> None:
    async def work(session: AsyncSession) -> None:
        row = await repository.account_of_subject(session, role, subject_id)
        if row is not None:
            await repository.drop_hold(session, row.id, row.held_at)

    await base.database.transaction(work)


async def settle_holds(base: Foundation, owners: Owners) -> Settled:
    settled = Settled()
    async for row in _old_holds(base):
        match await owners.have_written(row, _OWNER_SECONDS):
            case True:
                settled.opened += await _open(base, row)
            case False:
                settled.dropped += await _drop(base, row)
            case None:
                settled.kept += 1
    return settled


async def _old_holds(base: Foundation) -> AsyncIterator[AccountRow]:
    moment, after = base.clock.now() - HOLD_SETTLED_AFTER, None
    while True:
        async with base.database.reading() as session:
            rows = await repository.held_before(session, moment, after, _PAGE)
        for row in rows:
            yield row
            after = (row.held_at or moment, row.id)
        if len(rows) < _PAGE:
            return


async def _open(base: Foundation, held: AccountRow) -> bool:
    async def work(session: AsyncSession) -> bool:
        row = await repository.locked_account(session, held.id)
        return row is not None and open_held(session, base.outbox, row, Actor())

    return await base.database.transaction(work)


async def _drop(base: Foundation, held: AccountRow) -> bool:
    async def work(session: AsyncSession) -> bool:
        return await repository.drop_hold(session, held.id, held.held_at)

    return await base.database.transaction(work)
