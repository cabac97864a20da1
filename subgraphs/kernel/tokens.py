"""Checking access tokens (RFC 9068, `at+jwt`) against the public keys of accounts, stricter than the library."""

import base64
import json
import time
from hashlib import sha256
from typing import Any, Protocol

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from subgraphs.kernel.errors import Unauthenticated
from subgraphs.kernel.principal import Principal, RoleName

ALGORITHMS = ["ES256"]
MAXIMUM_BYTES = 8192
_KEPT = 10_000


class KeySource(Protocol):
    async def key(self, kid: str) -> Key | None:
        """The public key of that id, or None when there is none (any more)."""
        ...


class StaticKeys:
    """The keys of a JWKS document that does not change."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = {key.kid: key for key in keys.keys}

    async def key(self, kid: str) -> Key | None:
        return self._keys.get(kid)


class TokenChecker:
    """Turns `Authorization` into a Principal. A checked token is kept by its hash until it ends."""

    def __init__(self, keys: KeySource, *, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._checked: dict[bytes, Principal] = {}

    async def principal(self, authorization: str | None) -> Principal | None:
        """None without a header. Raises Unauthenticated for a header that holds no good token."""
        if authorization is None or not authorization.strip():
            return None
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("Expected `Authorization: Bearer <access token>`.")
        return await self._checked_token(token.strip())

    async def _checked_token(self, token: str) -> Principal:
        digest = sha256(token.encode(errors="replace")).digest()
        principal = self._checked.get(digest)
        if principal is None:
            principal = await self._check(token)
            self._keep(digest, principal)
        if principal.expires_at <= time.time():
            self._checked.pop(digest, None)
            raise Unauthenticated("The access token has ended. Refresh the session.")
        return principal

    def _keep(self, digest: bytes, principal: Principal) -> None:
        if len(self._checked) >= _KEPT:
            self._checked.clear()
        self._checked[digest] = principal

    async def _check(self, token: str) -> Principal:
        try:
            header = _header(token)
            key = await self._keys.key(header["kid"])
            if key is None:
                raise ValueError("unknown key")
            decoded = jwt.decode(token, key, algorithms=ALGORITHMS)
            return self._to_principal(_strict_claims(token, decoded.claims))
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            raise Unauthenticated("The access token is not good. Sign in again.") from None

    def _to_principal(self, claims: dict[str, Any]) -> Principal:
        if claims["iss"] != self._issuer or claims["aud"] != self._audience:
            raise ValueError("of another issuer or for another audience")
        if type(claims["exp"]) is not int or not isinstance(claims["sub"], str):
            raise ValueError("claims of the wrong type")
        return Principal(
            account_id=claims["sub"],
            role=RoleName(claims["role"]),
            name=str(claims.get("name", "")),
            patient_id=claims.get("patient_id"),
            doctor_id=claims.get("doctor_id"),
            expires_at=claims["exp"],
            session_id=claims.get("sid"),
        )


def _header(token: str) -> dict[str, Any]:
    if len(token) > MAXIMUM_BYTES or token.count(".") != 2:
        raise ValueError("not a token")
    header = _strict_json(token.split(".")[0])
    if header.get("typ") != "at+jwt" or header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
        raise ValueError("not an access token of ours")
    return header


def _strict_claims(token: str, claims: dict[str, Any]) -> dict[str, Any]:
    if _strict_json(token.split(".")[1]) != claims:
        raise ValueError("ambiguous claims")
    return claims


def _strict_json(part: str) -> dict[str, Any]:
    """The JSON object of a base64url part; a name that stands twice, and a number that is no JSON, are refused."""
    raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    value = json.loads(raw, object_pairs_hook=_distinct, parse_constant=_no_constant)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
