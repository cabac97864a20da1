"""Going on with a session, and ending it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import access, repository
from subgraphs.accounts.events import SignedOut
from subgraphs.accounts.keys import SigningKeys
from subgraphs.accounts.service.grants import Grant, Opened, Refusal, carry_on, digest, granted, session_expired
from subgraphs.accounts.tables import SessionRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import Refused
from subgraphs.kernel.events import Actor
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.principal import Principal


async def refresh(base: Foundation, keys: SigningKeys, refresh_token: str) -> Grant:
    """Of many who come with one token exactly one gets a pair; a token that comes a second time was stolen, from
    whoever came first or second, and ends its session: the pair just given is then good for nothing either.
    """
    token_hash = digest(refresh_token)
    if not await is_known(base, refresh_token):
        raise _session_over()

    async def opening(session: AsyncSession) -> Opened | Refusal:
        found, now = await repository.refresh_token(session, token_hash), base.clock.now()
        if found is None:
            return _session_over()
        token, row = found
        if not await repository.use_refresh_token(session, token_hash, now):
            await _end(base, session, row, "a refresh token came twice")
            return _session_over()
        if token.expires_at <= now or not await repository.use_session(session, row.id, now):
            return _session_over()
        account = await repository.account(session, row.account_id)
        if account is None or not account.signs_in:
            return _session_over()
        return carry_on(base, session, account, row)

    return await granted(base, keys, opening)


async def is_known(base: Foundation, refresh_token: str) -> bool:
    async with base.database.reading() as session:
        return await repository.refresh_token(session, digest(refresh_token)) is not None


async def sign_out(base: Foundation, principal: Principal | None) -> None:
    access.OWN_SESSION.require(principal)
    bearer = signed_in(principal)

    async def work(session: AsyncSession) -> None:
        row = None if bearer.session_id is None else await repository.session_by_id(session, bearer.session_id)
        if row is not None and row.account_id == bearer.account_id:
            await _end(base, session, row, None, Actor.of(bearer))

    await base.database.transaction(work)


async def revoke(base: Foundation, refresh_token: str) -> None:
    async def work(session: AsyncSession) -> None:
        found = await repository.refresh_token(session, digest(refresh_token))
        if found is not None:
            await _end(base, session, found[1], "the refresh token was revoked")

    await base.database.transaction(work)


async def _end(
    base: Foundation, session: AsyncSession, row: SessionRow, reason: str | None, actor: Actor | None = None
) -> None:
    if not await repository.end_session(session, row.id, row.account_id, base.clock.now()):
        return
    account = await repository.account(session, row.account_id)
    patient_id = None if account is None else account.patient_id
    event = SignedOut(session_id=row.id, account_id=row.account_id, patient_id=patient_id, reason=reason)
    base.outbox.record(session, event, actor or Actor())


def _session_over() -> Refused:
    return session_expired("This session is over. Sign in again.", "refreshToken")
