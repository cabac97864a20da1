"""What a client gets when it is let in: an access token to show, and a refresh token to come back with."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.accounts import rules
from subgraphs.accounts.keys import Signer, SigningKeys
from subgraphs.accounts.tables import AccountRow, RefreshTokenRow, SessionRow
from subgraphs.kernel.errors import Problem, Refused, RequestError
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.ids import new_id

CLIENT_ID = "hospital"
BEARER = "Bearer"

_SECRET_BYTES = 32


def new_secret() -> str:
    """256 random bits, fit for a link."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def digest(text: str) -> str:
    """What is kept of a secret of `new_secret`, or of a tried e-mail: enough to know it again."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that a transaction has opened or carried on."""

    account: AccountRow
    session_id: str
    refresh_token: str = field(repr=False)


Refusal = Refused | RequestError
Opening = Callable[[AsyncSession], Awaitable[Opened | Refusal]]


@dataclass(frozen=True, slots=True)
class Grant:
    account: AccountRow
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_seconds: int = int(rules.ACCESS_TOKEN_LASTS.total_seconds())

    @classmethod
    def of(cls, opened: Opened, signer: Signer, issuer: str, now: datetime) -> Self:
        token = signer.access_token(_claims(opened, issuer, int(now.timestamp())))
        return cls(opened.account, token, opened.refresh_token)


async def granted(base: Foundation, keys: SigningKeys, opening: Opening) -> Grant:
    """Lets in whoever `opening` opens a session for, in one transaction.

    A refusal that it gives, and does not raise, is raised here and keeps what the transaction has written.
    """
    signer = await keys.signer()
    opened = await base.database.transaction(opening)
    if isinstance(opened, Refused | RequestError):
        raise opened
    return Grant.of(opened, signer, base.settings.public_url, base.clock.now())


async def open_session(base: Foundation, session: AsyncSession, account: AccountRow) -> Opened:
    """Adds a new session of the login, and its first refresh token."""
    now = base.clock.now()
    ends_at = now + rules.SESSION_LASTS
    row = SessionRow(id=new_id(), account_id=account.id, created_at=now, used_at=now, ends_at=ends_at)
    session.add(row)
    await session.flush()
    return carry_on(base, session, account, row)


def carry_on(base: Foundation, session: AsyncSession, account: AccountRow, row: SessionRow) -> Opened:
    """Adds the session's next refresh token."""
    opened = Opened(account, row.id, new_secret())
    expires_at = rules.refresh_token_ends(base.clock.now(), row.ends_at)
    session.add(RefreshTokenRow(token_hash=digest(opened.refresh_token), session_id=row.id, expires_at=expires_at))
    return opened


def session_expired(message: str, *field: str) -> Refused:
    return Refused(Problem("SESSION_EXPIRED", message, field or None))


def _claims(opened: Opened, issuer: str, now: int) -> dict[str, Any]:
    """The claims of RFC 9068, who the bearer is to the hospital, and the session."""
    account = opened.account
    claims = {
        "iss": issuer,
        "aud": rules.AUDIENCE,
        "sub": account.id,
        "client_id": CLIENT_ID,
        "iat": now,
        "exp": now + int(rules.ACCESS_TOKEN_LASTS.total_seconds()),
        "jti": new_id(),
        "sid": opened.session_id,
        "role": account.role,
        "name": account.email,
        "patient_id": account.patient_id,
        "doctor_id": account.doctor_id,
    }
    return {name: value for name, value in claims.items() if value is not None}
