"""What a client gets when it is let in: an access token to show, and a refresh token to come back with."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from subgraphs.accounts import rules
from subgraphs.accounts.keys import Signer
from subgraphs.accounts.tables import AccountRow
from subgraphs.kernel.ids import new_id

AUDIENCE = "hospital"
CLIENT_ID = "hospital"

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

    @classmethod
    def by_new_token(cls, account: AccountRow, session_id: str) -> Self:
        return cls(account, session_id, new_secret())

    @property
    def token_hash(self) -> str:
        return digest(self.refresh_token)


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


def _claims(opened: Opened, issuer: str, now: int) -> dict[str, Any]:
    """The claims of RFC 9068, who the bearer is to the hospital, and the session."""
    account = opened.account
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
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
