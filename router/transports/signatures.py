"""Signing what goes to subgraphs, so that they know that a router of the house asks.

HMAC-SHA256 over the method, the path, the hashes of the body and of `Authorization`, the caller, the key's id, the time
and a nonce, each on a line.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import orjson
from yarl import URL

HEADER = "hospital-signature"
_READ_AGAIN_SECONDS = 1.0


class NoKey(Exception):
    """The message says which file has no key, in a line."""


class Signer:
    """Signs as `caller` with its first key in the file, which is read again when it changes.

    The file is JSON: `{"router": {"id of a key": "the key", …}}`.
    """

    def __init__(self, caller: str, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._caller, self._path, self._clock = caller, path, clock
        self._looked_at, self._changed_at = -float("inf"), -1
        self._id, self._key = "", b""
        self._look()

    def headers(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """Those given and the signature. `headers` have lower-case names."""
        return {**headers, HEADER: self.signature(method, url, body, headers.get("authorization", ""))}

    def signature(self, method: str, url: str, body: bytes, authorization: str) -> str:
        """The value of HEADER."""
        self._look()
        now, nonce = str(int(self._clock())), secrets.token_urlsafe(16)
        lines = (
            method,
            URL(url).raw_path_qs,
            sha256(body).hexdigest(),
            sha256(authorization.encode("latin-1", "replace")).hexdigest(),
            *(self._caller, self._id, now, nonce),
        )
        mac = base64.urlsafe_b64encode(hmac.digest(self._key, "\n".join(lines).encode(), "sha256")).decode().rstrip("=")
        return f"caller={self._caller}, key={self._id}, time={now}, nonce={nonce}, mac={mac}"

    def _look(self) -> None:
        if time.monotonic() - self._looked_at < _READ_AGAIN_SECONDS:
            return
        self._looked_at = time.monotonic()
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._changed_at:
                self._id, self._key = self._first_key()
                self._changed_at = changed_at
        except (OSError, NoKey):
            if not self._key:
                raise NoKey(f"{self._path} has no key for {self._caller}.") from None

    def _first_key(self) -> tuple[str, bytes]:
        try:
            ring = orjson.loads(self._path.read_bytes())[self._caller]
            id, key = next(iter(ring.items()))
            return id, key.encode()
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, StopIteration):
            raise NoKey from None
