"""Passwords as Argon2id hashes (a file of its own: work for the processor, neither a rule nor a statement).

A hash takes 19 MiB and about 20 ms: it runs beside the event loop, a few at once, and for a login that does not exist
as well, so that the time tells nobody which e-mails have one.
"""

import asyncio
import os
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

AT_ONCE = min(4, os.cpu_count() or 2)
"""76 MiB at the most, however many processors there are."""


class PasswordHashing:
    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = AT_ONCE) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._places = asyncio.Semaphore(at_once)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, _encoded(password))

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether the password is that of the hash; False after the same time where there is none."""
        async with self._places:
            fits = await asyncio.to_thread(self._fits, kept or self._nobodys, _encoded(password))
        return fits and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(kept)

    def _fits(self, kept: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False


def _encoded(password: str) -> bytes:
    return password.encode(errors="surrogatepass")
