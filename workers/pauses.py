"""Waiting: until something happens or a time has passed, and ever longer after failures."""

import asyncio
import random
from dataclasses import dataclass


async def pause(until: asyncio.Event, seconds: float) -> None:
    """Returns when `until` is set, after `seconds` at the latest."""
    try:
        async with asyncio.timeout(seconds):
            await until.wait()
    except TimeoutError:
        return


@dataclass(slots=True)
class BackOff:
    """Waits that double from `first_seconds` to `longest_seconds`, each between a half and the whole of that."""

    first_seconds: float
    longest_seconds: float
    failures: int = 0

    def next_seconds(self) -> float:
        whole = min(self.longest_seconds, self.first_seconds * 2.0 ** min(self.failures, 60))
        self.failures += 1
        return whole * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        self.failures = 0
