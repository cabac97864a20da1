"""Signing in, going on, signing out."""

from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import access, repository, rules
from subgraphs.accounts.copies import open_held
from subgraphs.accounts.events import SignedIn, SignedOut
from subgraphs.accounts.service.attempts import Attempts
from subgraphs.accounts.service.desk import Refusal, actor_of, session_expired
from subgraphs.accounts.service.grants import Grant, Opened, digest
from subgraphs.accounts.tables import AccountRow, SessionRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.email_address import compared, may_be_address
from subgraphs.kernel.errors import Problem, Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.principal import Principal

_OWNER_SECONDS = 2.0


@dataclass(frozen=True)
class Sessions(Attempts):
    async def sign_in(self, email: str, password: str) -> Grant:
        """Raises Refused INVALID_CREDENTIALS, alike for whatever is wrong, and TooManyRequests after ten of those.

        The password of a held login opens it and lets in, when its owner says that the patient or doctor was written:
        whoever signs in right after signing up need not wait for the event. The owner is asked by the right password
        alone, so that neither the answer nor its time tells anybody else that there is such a login; while the owner
        cannot say, the right password is a wrong one.
        """
        tried, email_hash = rules.tried_password(password), digest(compared(email))
        account = await self._tried_account(compared(email), email_hash)
        kept = account.password_hash if account is not None and (account.signs_in or account.is_held) else None
        fits = await self.hashing.verify(kept, tried)
        opens = fits and account is not None and await self._may_be_opened(account)
        rehashed = await self.hashing.hash(tried) if fits and kept and self.hashing.is_outdated(kept) else None
        signer = await self.keys.signer()

        async def work(session: AsyncSession) -> Opened | Refusal:
            too_many = await self._too_many(session, email_hash)
            if too_many is not None:
                return too_many
            now_known = None if account is None else await repository.locked_account(session, account.id)
            if opens and now_known is not None:
                open_held(session, self.base.outbox, now_known, Actor())
            if not fits or now_known is None or not now_known.signs_in or now_known.password_hash != kept:
                return await self._fail(session, email_hash, now_known, _reason(now_known)) or _invalid_credentials()
            now_known.password_hash = rehashed or kept
            return await self._let_in(session, now_known, email_hash)

        return Grant.of(await self.decided(work), signer, self.base.settings.public_url, self.now())

    async def refresh(self, refresh_token: str) -> Grant:
        """A new pair of tokens for a refresh token, which is used up. Raises Refused SESSION_EXPIRED.

        Of many who come with one token exactly one gets a pair; a token that comes a second time was stolen, from
        whoever came first or second, and ends its session: the pair just given is then good for nothing either.
        """
        token_hash = digest(refresh_token)
        if not await self.is_known(refresh_token):
            raise _session_over()
        signer = await self.keys.signer()

        async def work(session: AsyncSession) -> Opened | Refusal:
            found = await repository.refresh_token(session, token_hash)
            if found is None:
                return _session_over()
            token, row = found
            if not await repository.use_refresh_token(session, token_hash, self.now()):
                await self._end(session, row, "a refresh token came twice")
                return _session_over()
            if token.expires_at <= self.now() or not await repository.use_session(session, row.id, self.now()):
                return _session_over()
            account = await repository.account(session, row.account_id)
            if account is None or not account.signs_in:
                return _session_over()
            return self.add_refresh_token(session, account, row)

        return Grant.of(await self.decided(work), signer, self.base.settings.public_url, self.now())

    async def is_known(self, refresh_token: str) -> bool:
        """Whether the refresh token was ever given, good or not."""
        async with self.base.database.reading() as session:
            return await repository.refresh_token(session, digest(refresh_token)) is not None

    async def sign_out(self, principal: Principal | None) -> None:
        """Ends the session that the access token was given in; the token itself lives to its end."""
        access.OWN_SESSION.require(principal)
        bearer = signed_in(principal)

        async def work(session: AsyncSession) -> None:
            row = None if bearer.session_id is None else await session.get(SessionRow, bearer.session_id)
            if row is not None and row.account_id == bearer.account_id:
                await self._end(session, row, None, Actor.of(bearer))

        await self.base.database.transaction(work)

    async def revoke(self, refresh_token: str) -> None:
        """Ends the session of a refresh token, good or used up; nothing for an unknown one."""

        async def work(session: AsyncSession) -> None:
            found = await repository.refresh_token(session, digest(refresh_token))
            if found is not None:
                await self._end(session, found[1], "the refresh token was revoked")

        await self.base.database.transaction(work)

    async def _tried_account(self, email: str, email_hash: str) -> AccountRow | None:
        """The login of that e-mail. Raises TooManyRequests before any work is done for it."""
        async with self.base.database.reading() as session:
            too_many = await self._too_many(session, email_hash)
            if too_many is not None:
                raise too_many
            return await repository.account_of_email(session, email) if may_be_address(email) else None

    async def _may_be_opened(self, account: AccountRow) -> bool:
        return account.is_held and bool(await self.owners.have_written(account, _OWNER_SECONDS))

    async def _let_in(self, session: AsyncSession, account: AccountRow, email_hash: str) -> Opened:
        await repository.forget_failures(session, email_hash)
        session.add(account)
        opened = await self.open_session(session, account)
        event = SignedIn(session_id=opened.session_id, account_id=account.id, patient_id=account.patient_id)
        self.record(session, event, actor_of(account))
        return opened

    async def _end(
        self, session: AsyncSession, row: SessionRow, reason: str | None, actor: Actor | None = None
    ) -> None:
        if not await repository.end_session(session, row.id, row.account_id, self.now()):
            return
        account = await repository.account(session, row.account_id)
        patient_id = None if account is None else account.patient_id
        event = SignedOut(session_id=row.id, account_id=row.account_id, patient_id=patient_id, reason=reason)
        self.record(session, event, actor or Actor())


def _reason(account: AccountRow | None) -> str:
    if account is None:
        return "unknown e-mail"
    return "wrong password" if account.signs_in else "no login is open"


def _invalid_credentials() -> Refused:
    return Refused(Problem("INVALID_CREDENTIALS", "The e-mail or the password is not right."))


def _session_over() -> Refused:
    return session_expired("This session is over. Sign in again.", "refreshToken")
