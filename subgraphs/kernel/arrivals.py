"""What other domains have announced and is still on its way here."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from subgraphs.kernel.events import Envelope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What an owner says of what it has announced of late; `is_whole`: nothing else of it can be on its way."""

    events: Sequence[Envelope]
    is_whole: bool = True


class NotAsked(Exception):
    """Who would know whether something is so could not be asked: to say that it is not may be wrong."""


async def _nothing() -> None:
    return None


class Arrivals:
    """For one domain. Whoever runs the transport says in `bring` how to wait; without one nothing is awaited.

    `bring` raises NotAsked.
    """

    def __init__(self) -> None:
        self.bring: Callable[[], Awaitable[None]] = _nothing

    async def catch_up(self) -> None:
        """Returns when all that was announced before this call is known here, or after a few seconds in any case.

        For a use case that is about to say that there is no such thing: what a copy does not have yet may have been
        made by somebody a moment ago.
        """
        with suppress(NotAsked):
            await self.bring()

    async def decided(self, work: Callable[[], Awaitable[T]], *absent: type[Exception]) -> T:
        """What the work gives. Where it says that something is not so (`absent`), it has another try, caught up.

        Raises what the work raises, or NotAsked: a refusal is final, and may not come of not knowing.
        """
        with suppress(*absent):
            return await work()
        try:
            await self.bring()
        except NotAsked as unknown:
            with suppress(*absent):
                return await work()
            raise unknown
        return await work()


class Awaited:
    """The arrivals as one request asks for them, in many places: the first to ask waits, and the others with it."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals, self._waiting, self._came = arrivals, asyncio.Lock(), False

    async def catch_up(self) -> None:
        async with self._waiting:
            if not self._came:
                await self._arrivals.catch_up()
                self._came = True
