"""The keys of a token issuer, fetched by URL and kept."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from router.auth import JwksSource, KeysUnavailable
from router.transports.session import HttpSession
from router.transports.signatures import Signer

log = structlog.get_logger()

MAX_KEYS_BYTES = 100_000


NO_KEY = (ValueError, KeyError, TypeError, AttributeError, JoseError)


class HttpJwksSource(JwksSource):
    """Fetches at most once in `pause_seconds`, whatever the tokens say; keys outlive an issuer that is down.

    Keys that are no longer fresh are fetched anew while they still serve, so that a slow issuer slows nobody; those
    twice as old wait for it once, so that a key that was withdrawn ends though nobody asked for a while.
    """

    def __init__(
        self,
        url: str,
        session: HttpSession,
        *,
        fresh_seconds: float = 300.0,
        pause_seconds: float = 10.0,
        timeout_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        signer: Signer | None = None,
    ) -> None:
        self._signer = signer
        self._url = url
        self._session = session
        self._fresh_seconds = fresh_seconds
        self._pause_seconds = pause_seconds
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._clock = clock
        self._keys: KeySet | None = None
        self._tried_at = -float("inf")
        self._fetched_at = -float("inf")
        self._fetching = asyncio.Lock()
        self._behind: asyncio.Task[KeySet] | None = None

    async def keys(self) -> KeySet:
        age_seconds = self._clock() - self._fetched_at
        answered = self._tried_at <= self._fetched_at
        if self._keys is None or (age_seconds > 2 * self._fresh_seconds and answered):
            await self.refreshed_keys()
        elif age_seconds > self._fresh_seconds:
            self._refresh_behind()
        return self._known()

    def _refresh_behind(self) -> None:
        if self._behind is None or self._behind.done():
            self._behind = asyncio.create_task(self.refreshed_keys())

    async def refreshed_keys(self) -> KeySet:
        async with self._fetching:
            pause_seconds = self._pause_seconds if self._keys else min(1.0, self._pause_seconds)
            if self._clock() - self._tried_at >= pause_seconds:
                self._tried_at = self._clock()
                await self._fetch()
        return self._known()

    def _known(self) -> KeySet:
        if self._keys is None:
            raise KeysUnavailable(f"no keys from {self._url}")
        return self._keys

    async def _fetch(self) -> None:
        try:
            headers = {} if self._signer is None else self._signer.headers("GET", self._url, b"", {})
            async with self._session.get().get(
                self._url, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                response.raise_for_status()
                body = await response.content.read(MAX_KEYS_BYTES)
                while chunk := await response.content.read(MAX_KEYS_BYTES - len(body)):
                    body += chunk
            self._keys = key_set(orjson.loads(body))
            self._fetched_at = self._clock()
        except (aiohttp.ClientError, TimeoutError, OSError, *NO_KEY):
            log.warning("the token issuer's keys could not be fetched", url=self._url, exc_info=True)


def key_set(document: Any) -> KeySet:
    """Those that are understood (RFC 7517, 5): a key of a new kind beside them ends no rotation. Raises NO_KEY."""
    found = [key for entry in document["keys"] for key in usable(entry)]
    if not found:
        raise ValueError("no key that is understood")
    return KeySet(found)


def usable(entry: Any) -> list[Key]:
    try:
        return list(KeySet.import_key_set({"keys": [entry]}))
    except NO_KEY:
        return []
