"""Requests between components are signed: a component answers callers that it knows by name, and nobody else.

HMAC-SHA256 over the method, the path, the hashes of the body and of `Authorization`, the caller, the key's id, the time
and a nonce, each on a line. The receiver takes what is no older than 30 seconds, and each nonce once.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import orjson

HEADER = "hospital-signature"
GOOD_FOR_SECONDS = 30
_LEAST_SECRET_BYTES = 16
_READ_AGAIN_SECONDS = 1.0
_PARTS = {"caller", "key", "time", "nonce", "mac"}


class NotSigned(Exception):
    """The message says what is wrong with the signature."""


class BadKeyring(Exception):
    """The message names the file and says what to do."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is signed of a request: `path` with its query, as it stands in the request line."""

    method: str
    path: str
    body: bytes
    authorization: str | None


class Keyring:
    """The keys of callers by name and id, from a JSON file that is read again when it changes.

    `{"router": {"2026-11": "secret", …}, …}`: the first key of a caller signs, all of them are taken.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._looked_at, self._changed_at = -float("inf"), -1
        self._keys: dict[str, dict[str, bytes]] = {}
        self._look()

    def signing(self, caller: str) -> tuple[str, bytes]:
        """The id and the key. Raises BadKeyring."""
        self._look()
        if not self._keys.get(caller):
            raise BadKeyring(f"{self._path} has no key for {caller}: `hospital keys` makes them.")
        return next(iter(self._keys[caller].items()))

    def of(self, caller: str, id: str) -> bytes | None:
        self._look()
        return self._keys.get(caller, {}).get(id)

    def _look(self) -> None:
        if self._clock() - self._looked_at < _READ_AGAIN_SECONDS:
            return
        self._looked_at = self._clock()
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._changed_at:
                self._keys = _read(self._path)
                self._changed_at = changed_at
        except OSError as error:
            if not self._keys:
                raise BadKeyring(f"{self._path} cannot be read: {error.strerror}.") from None


def _read(path: Path) -> dict[str, dict[str, bytes]]:
    try:
        callers = orjson.loads(path.read_bytes())
        keys = {caller: {id: key.encode() for id, key in ring.items()} for caller, ring in callers.items()}
    except (orjson.JSONDecodeError, AttributeError):
        raise BadKeyring(f'{path} is no JSON such as {{"router": {{"id of a key": "the key"}}}}.') from None
    if any(len(key) < _LEAST_SECRET_BYTES for ring in keys.values() for key in ring.values()):
        raise BadKeyring(f"{path}: a key has {_LEAST_SECRET_BYTES} characters at least.")
    return keys


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs as one caller."""

    caller: str
    keyring: Keyring
    clock: Callable[[], float] = time.time

    def header(self, asked: Asked) -> str:
        """The value of HEADER."""
        id, key = self.keyring.signing(self.caller)
        parts = {"caller": self.caller, "key": id, "time": str(int(self.clock())), "nonce": secrets.token_urlsafe(16)}
        return ", ".join(f"{name}={value}" for name, value in {**parts, "mac": _mac(key, asked, parts)}.items())


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets the named callers in."""

    callers: frozenset[str]
    keyring: Keyring
    clock: Callable[[], float] = time.time
    _seen: dict[str, float] = field(default_factory=dict)

    def check(self, asked: Asked, header: str | None) -> str:
        """The caller's name. Raises NotSigned."""
        parts = _parts(header)
        now, caller = self.clock(), parts["caller"]
        if caller not in self.callers:
            raise NotSigned(f"{caller} is no caller here")
        key = self.keyring.of(caller, parts["key"])
        mac = parts.pop("mac")
        if key is None or not hmac.compare_digest(_mac(key, asked, parts).encode(), mac.encode()):
            raise NotSigned("the signature does not fit")
        if abs(now - int(parts["time"])) > GOOD_FOR_SECONDS:
            raise NotSigned("signed too long ago, or by a clock that is wrong")
        self._once(f"{caller} {parts['nonce']}", now)
        return caller

    def _once(self, nonce: str, now: float) -> None:
        if nonce in self._seen:
            raise NotSigned("was here before")
        self._seen[nonce] = now
        for old in list(self._seen):
            if self._seen[old] > now - 2 * GOOD_FOR_SECONDS:
                return
            del self._seen[old]


def _parts(header: str | None) -> dict[str, str]:
    parts = dict(pair.strip().partition("=")[::2] for pair in (header or "").split(","))
    if parts.keys() != _PARTS or not parts["time"].isdecimal() or not parts["time"].isascii():
        raise NotSigned(f"expected a header {HEADER} with {', '.join(sorted(_PARTS))}")
    return parts


def _mac(key: bytes, asked: Asked, parts: Mapping[str, str]) -> str:
    lines = (
        asked.method,
        asked.path,
        sha256(asked.body).hexdigest(),
        sha256((asked.authorization or "").encode("latin-1", "replace")).hexdigest(),
        parts["caller"],
        parts["key"],
        parts["time"],
        parts["nonce"],
    )
    return base64.urlsafe_b64encode(hmac.digest(key, "\n".join(lines).encode(), "sha256")).decode().rstrip("=")
