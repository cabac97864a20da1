"""Checking access tokens (RFC 9068) against a set of public keys, and keeping what was checked until it ends."""

import json
import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn, Protocol

from joserfc import jws
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import Key, KeySet, RSAKey
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from router.errors import unauthenticated, unavailable

MAX_TOKEN_BYTES = 8_192
MAX_INTEGER_DIGITS = 20
LEAST_RSA_BITS = 2_048
CURVES = {
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
    "ES256": ("EC", "P-256"),
    "RS256": ("RSA", None),
}
HEADER_NAMES = frozenset({"alg", "kid", "typ"})
_ENDED = "The access token has ended."
THUMBPRINTS = frozenset({"x5t", "x5t#S256"})
"""They name the key a second time, as some issuers of plain JWTs do, and are not looked at."""
COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE | re.ASCII)


class KeysUnavailable(Exception):
    """No keys were ever fetched, and they cannot be fetched now."""


class JwksSource(Protocol):
    async def keys(self) -> KeySet:
        """Raises KeysUnavailable."""
        ...

    async def refreshed_keys(self) -> KeySet:
        """Asked for when a token names a key that `keys` does not hold."""
        return await self.keys()


@dataclass(frozen=True, slots=True)
class CheckedToken:
    subject: str
    expires_at: float
    claims: Mapping[str, Any]


class TokenRefused(Exception):
    """The token is not good; the message is safe to show."""


class TokenChecker:
    """A check costs a signature the first time, a look-up until the token ends or the issuer's keys change."""

    def __init__(
        self,
        source: JwksSource,
        *,
        issuer: str,
        audience: str,
        algorithms: Sequence[str] = ("EdDSA", "ES256"),
        types: Sequence[str] = ("at+jwt",),
        kept_tokens: int = 10_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._algorithms = tuple(algorithms)
        self._types = frozenset(type_.lower() for type_ in types)
        self._header_names = HEADER_NAMES | (THUMBPRINTS if "jwt" in self._types else frozenset())
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        self._kept: OrderedDict[bytes, CheckedToken] = OrderedDict()
        self._kept_of: KeySet | None = None
        self._kept_tokens = kept_tokens
        self._clock = clock

    async def check(self, token: str) -> CheckedToken:
        """Raises TokenRefused; whatever else comes out of it is ours, not the token's."""
        if len(token) > MAX_TOKEN_BYTES or not COMPACT.fullmatch(token):
            raise TokenRefused("The access token is not a token, or too long.")
        digest = sha256(token.encode()).digest()
        self._forget_old(await self._source.keys())
        checked = self._kept.get(digest) or self._keep(digest, await self._verified(token))
        if checked.expires_at <= self._clock():
            self._kept.pop(digest, None)
            raise TokenRefused(_ENDED)
        return checked

    def _forget_old(self, keys: KeySet) -> None:
        """What was signed by a key that is withdrawn must not outlive it."""
        if keys is self._kept_of:
            return
        if self._kept_of is None or keys.as_dict() != self._kept_of.as_dict():
            self._kept.clear()
        self._kept_of = keys

    def _keep(self, digest: bytes, checked: CheckedToken) -> CheckedToken:
        self._kept[digest] = checked
        if len(self._kept) > self._kept_tokens:
            self._kept.popitem(last=False)
        return checked

    async def _verified(self, token: str) -> CheckedToken:
        algorithm, kid = self._header(token)
        key = await self._key(kid, algorithm)
        try:
            signed = jws.deserialize_compact(token, key, algorithms=[algorithm])
            claims = strict_object(signed.payload or b"")
            self._claims.validate(claims)
        except ExpiredTokenError:
            raise TokenRefused(_ENDED) from None
        except (JoseError, ValueError, TypeError, OverflowError, RecursionError):
            raise TokenRefused("The access token is not valid.") from None
        return CheckedToken(claims["sub"], float(claims["exp"]), claims)

    def _header(self, token: str) -> tuple[str, str]:
        try:
            header = strict_object(urlsafe_b64decode(token.partition(".")[0].encode()))
        except (ValueError, TypeError, RecursionError):
            raise TokenRefused("The access token is not valid.") from None
        algorithm, kid, type_ = header.get("alg"), header.get("kid"), header.get("typ")
        if not self._header_names.issuperset(header) or algorithm not in self._algorithms or not isinstance(kid, str):
            raise TokenRefused("The access token's header is not one that is accepted.")
        if not isinstance(type_, str) or type_.lower().removeprefix("application/") not in self._types:
            raise TokenRefused("The token is not an access token.")
        return algorithm, kid

    async def _key(self, kid: str, algorithm: str) -> Key:
        found = named(await self._source.keys(), kid) or named(await self._source.refreshed_keys(), kid)
        if len(found) != 1 or not fits(found[0], algorithm):
            raise TokenRefused("The access token is not signed by a key of its issuer.")
        return found[0]


class Authenticator:
    """From an Authorization header, or what stands for it, to a checked token."""

    def __init__(self, checker: TokenChecker | None) -> None:
        self._checker = checker

    async def authenticate(self, authorization: Sequence[str]) -> CheckedToken | None:
        """None for an anonymous caller, and for every caller where no checker is set."""
        if self._checker is None or not authorization:
            return None
        bearer = BEARER.fullmatch(authorization[0]) if len(authorization) == 1 else None
        if bearer is None:
            raise unauthenticated("Send one access token, as 'Authorization: Bearer <token>'.")
        try:
            return await self._checker.check(bearer[1])
        except TokenRefused as error:
            raise unauthenticated(f"{error} Sign in, or refresh the session.") from None
        except KeysUnavailable:
            raise unavailable("Access tokens cannot be checked at the moment: try again.") from None


def fits(key: Key, algorithm: str) -> bool:
    strong = not isinstance(key, RSAKey) or key.raw_value.key_size >= LEAST_RSA_BITS
    meant = key.get("use", "sig") == "sig" and CURVES.get(str(key.get("alg", algorithm))) == CURVES.get(algorithm)
    return strong and meant and (key.key_type, key.get("crv")) == CURVES.get(algorithm)


def named(keys: KeySet, kid: str) -> list[Key]:
    return [key for key in keys if key.kid == kid]


def strict_object(text: bytes) -> dict[str, Any]:
    """A JSON object without duplicate names or numbers out of range. Raises ValueError."""
    value = json.loads(
        text.decode("utf-8"),
        object_pairs_hook=unique_names,
        parse_constant=not_a_number,
        parse_int=short_integer,
        parse_float=finite_float,
    )
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def not_a_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def short_integer(digits: str) -> int:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise ValueError("an integer is out of range")
    return int(digits)


def finite_float(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError("a number is out of range")
    return number
