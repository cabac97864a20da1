"""Logins: making them, looking them up, disabling them."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import access, repository, rules
from subgraphs.accounts.events import AccountDisabled
from subgraphs.accounts.service.desk import Desk, email_taken
from subgraphs.accounts.tables import AccountRow, Status
from subgraphs.kernel import signup
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.email_address import compared, may_be_address
from subgraphs.kernel.errors import InvalidInput, NotFound
from subgraphs.kernel.events import Actor
from subgraphs.kernel.idempotency import once
from subgraphs.kernel.ids import is_id
from subgraphs.kernel.principal import Principal, RoleName

_CREATE_STAFF = "createStaffAccount"


@dataclass(frozen=True)
class Accounts(Desk):
    async def own_account(self, principal: Principal) -> AccountRow | None:
        async with self.base.database.reading() as session:
            return await repository.account(session, principal.account_id)

    async def account_by_email(self, principal: Principal | None, email: str) -> AccountRow | None:
        """Raises Unauthenticated, Forbidden."""
        access.ANY_ACCOUNT.require(principal)
        tried = compared(email)
        async with self.base.database.reading() as session:
            row = await repository.account_of_email(session, tried) if may_be_address(tried) else None
        return None if row is None or row.status == Status.HELD else row

    async def create_staff_account(
        self, principal: Principal | None, email: str, password: str, role: RoleName, idempotency_key: str | None
    ) -> AccountRow:
        """Raises Unauthenticated, Forbidden, Refused."""
        access.STAFF.require(principal)
        admin = signed_in(principal)
        kept_email, kept_password = rules.credentials(email, password)
        fields = {"email": kept_email, "role": role.value}
        claim = await signup.claim(admin.account_id, _CREATE_STAFF, idempotency_key, fields, kept_password)
        password_hash = await self.hashing.hash(kept_password)

        async def work(session: AsyncSession, id: str) -> None:
            row = self.new_account(role, kept_email, Status.OPEN, id=id)
            await self._write_open(session, row, password_hash, Actor.of(admin))

        id = await once(self.base.database, self.base.clock, claim, work)
        return await self._written(id)

    async def create_admin(self, email: str, password: str) -> AccountRow:
        """By who runs the hospital, at the command line. Raises Refused: INVALID_INPUT, WEAK_PASSWORD, EMAIL_TAKEN."""
        kept_email, kept_password = rules.credentials(email, password)
        password_hash = await self.hashing.hash(kept_password)

        async def work(session: AsyncSession) -> AccountRow:
            row = self.new_account(RoleName.ADMIN, kept_email, Status.OPEN)
            return await self._write_open(session, row, password_hash, Actor())

        return await self.base.database.transaction(work)

    async def create_login(self, email: str, password: str, role: RoleName, subject_id: str | None) -> AccountRow:
        """An open login of any role, for a hospital that is being filled; the one that is there where it fits.

        Raises Refused: INVALID_INPUT, WEAK_PASSWORD, EMAIL_TAKEN.
        """
        kept_email, kept_password = rules.credentials(email, password)
        if (subject_id is not None) != (role in {RoleName.PATIENT, RoleName.DOCTOR}):
            raise InvalidInput("A patient's or doctor's login is for one of them, and no other is.", "role")
        password_hash = await self.hashing.hash(kept_password)

        async def work(session: AsyncSession) -> AccountRow:
            known = await repository.account_of_email(session, kept_email)
            row = self.new_account(role, kept_email, Status.OPEN, subject_id=subject_id)
            if known is not None:
                if known.signs_in and (known.role, known.subject) == (row.role, row.subject):
                    return known
                raise email_taken("email")
            return await self._write_open(session, row, password_hash, Actor())

        return await self.base.database.transaction(work)

    async def disable_account(self, principal: Principal | None, id: str, reason: str) -> AccountRow:
        """Ends all sessions and links of the login. Raises Unauthenticated, Forbidden, Refused."""
        access.DISABLE.require(principal)
        admin, kept_reason = signed_in(principal), rules.reason(reason)
        if not is_id(id):
            raise NotFound("account", "id")
        if id == admin.account_id:
            raise InvalidInput("Nobody disables their own login: ask another ADMIN.", "id")

        async def work(session: AsyncSession) -> AccountRow:
            admins = await repository.enabled_admins(session)
            row = await repository.locked_account(session, id)
            if row is None or row.status == Status.HELD:
                raise NotFound("account", "id")
            if row.disabled_at is None:
                if [row.id for row in admins] == [id]:
                    raise InvalidInput("This is the last ADMIN: make another one first.", "id")
                await self._disable(session, row, kept_reason, Actor.of(admin))
            return row

        return await self.base.database.transaction(work)

    async def _disable(self, session: AsyncSession, row: AccountRow, reason: str, actor: Actor) -> None:
        row.disabled_at = self.now()
        session.add(row)
        await repository.end_sessions(session, row.id, self.now())
        await repository.void_links(session, row.id, self.now())
        event = AccountDisabled(account_id=row.id, patient_id=row.patient_id, reason=reason)
        self.record(session, event, actor)

    async def _write_open(self, session: AsyncSession, row: AccountRow, password_hash: str, actor: Actor) -> AccountRow:
        row.password_hash = password_hash
        await self.write(session, row, "email")
        self.record_created(session, row, actor)
        return row

    async def _written(self, id: str) -> AccountRow:
        async with self.base.database.reading() as session:
            row = await repository.account(session, id)
        if row is None:
            raise RuntimeError(f"account {id} was written and is not there")
        return row
