"""The public keys of access tokens, asked of accounts by a component that checks tokens elsewhere."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from subgraphs.kernel.peers import Peer, Unanswered

_FRESH_SECONDS, _PAUSE_SECONDS = 300.0, 1.0

log = structlog.get_logger(__name__)


class RemoteKeys:
    """A KeySource. Asks at most once in a second, whatever tokens say; keys outlive an accounts that is down."""

    def __init__(self, accounts: Peer, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts, self._clock = accounts, clock
        self._keys: dict[str, Key] = {}
        self._fetched_at = self._asked_at = -float("inf")
        self._asking = asyncio.Lock()

    async def key(self, kid: str) -> Key | None:
        if kid not in self._keys or self._clock() - self._fetched_at > _FRESH_SECONDS:
            await self._ask()
        return self._keys.get(kid)

    async def _ask(self) -> None:
        async with self._asking:
            if self._clock() - self._asked_at < _PAUSE_SECONDS:
                return
            self._asked_at = self._clock()
            try:
                self._keys = _by_id(await self._accounts.call("keys", {}))
                self._fetched_at = self._clock()
            except (Unanswered, JoseError, KeyError, TypeError, ValueError) as error:
                log.warning("keys.not_fetched", error=error)


def _by_id(document: Any) -> dict[str, Key]:
    return {key.kid: key for key in KeySet.import_key_set(document).keys if key.kid}
