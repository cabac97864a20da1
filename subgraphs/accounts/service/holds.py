"""Logins for a sign-up over two domains: held while the owner writes the patient or doctor, opened by its event."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import repository, rules
from subgraphs.accounts.copies import open_held
from subgraphs.accounts.service.desk import Desk, email_taken
from subgraphs.accounts.tables import AccountRow, Status
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.events import Actor
from subgraphs.kernel.principal import RoleName
from subgraphs.kernel.signup import HOLD_SETTLED_AFTER

_PAGE = 100
_OWNER_SECONDS = 5.0


@dataclass(slots=True)
class Settled:
    opened: int = 0
    dropped: int = 0
    kept: int = 0


@dataclass(frozen=True)
class Holds(Desk):
    async def hold(self, *, email: str, password: str, role: RoleName, subject_id: str) -> None:
        """Holds the e-mail and the password's hash for the patient or doctor; asked again for the same, it goes on.

        Raises Refused: EMAIL_TAKEN, WEAK_PASSWORD, INVALID_INPUT.
        """
        if role not in {RoleName.PATIENT, RoleName.DOCTOR}:
            raise InvalidInput("A login is held for a patient or a doctor alone.", "role")
        kept_email, kept_password = rules.credentials(email, password)
        password_hash = await self.hashing.hash(kept_password)

        async def work(session: AsyncSession) -> None:
            row = await repository.account_of_subject(session, role, subject_id)
            if row is not None and row.status == Status.OPEN and row.email == kept_email:
                return
            if row is not None and row.status != Status.HELD:
                raise email_taken("email")
            row = row or self.new_account(role, kept_email, Status.HELD, subject_id=subject_id)
            row.email, row.password_hash, row.held_at = kept_email, password_hash, self.now()
            await self.write(session, row, "email")

        await self.base.database.transaction(work)

    async def settle_holds(self) -> Settled:
        """Asks for each login held for a minute whether its owner was written; keeps it while that cannot be said."""
        settled = Settled()
        async for row in self._old_holds():
            match await self.owners.have_written(row, _OWNER_SECONDS):
                case True:
                    settled.opened += await self._open(row)
                case False:
                    settled.dropped += await self._drop(row)
                case None:
                    settled.kept += 1
        return settled

    async def _old_holds(self) -> AsyncIterator[AccountRow]:
        moment, after = self.now() - HOLD_SETTLED_AFTER, None
        while True:
            async with self.base.database.reading() as session:
                rows = await repository.held_before(session, moment, after, _PAGE)
            for row in rows:
                yield row
                after = (row.held_at or moment, row.id)
            if len(rows) < _PAGE:
                return

    async def _open(self, held: AccountRow) -> bool:
        async def work(session: AsyncSession) -> bool:
            row = await repository.locked_account(session, held.id)
            return row is not None and open_held(session, self.base.outbox, row, Actor())

        return await self.base.database.transaction(work)

    async def _drop(self, held: AccountRow) -> bool:
        async def work(session: AsyncSession) -> bool:
            return await repository.drop_hold(session, held.id, held.held_at)

        return await self.base.database.transaction(work)
