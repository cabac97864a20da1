"""What other domains have announced of something and is still on its way here."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from subgraphs.kernel.events import Envelope
from subgraphs.kernel.ids import is_id

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What an owner has announced of what it was asked about; `is_whole`: there is nothing else of that."""

    events: Sequence[Envelope]
    is_whole: bool = True


class NotAsked(Exception):
    """Who would know whether something is so could not be asked: to say that it is not may be wrong."""


async def _nothing(keys: Collection[str]) -> None:
    return None


class Arrivals:
    """For one domain. Whoever runs the transport says in `bring` how to wait; without one nothing is awaited.

    Keys are ids of entities, and of patients for all that is announced of them. `bring` raises NotAsked.
    """

    def __init__(self) -> None:
        self.bring: Callable[[Collection[str]], Awaitable[None]] = _nothing

    async def catch_up(self, keys: Iterable[str]) -> bool:
        """Returns when what was announced of these before this call is known here, or after a few seconds in any case.

        For who is about to say that there is no such thing: what a copy does not have yet may have been announced
        long ago. Gives whether it is sure to be known.
        """
        try:
            await self._bring(keys)
        except NotAsked:
            return False
        return True

    async def decided(self, work: Callable[[], Awaitable[T]], *absent: type[Exception], keys: Iterable[str]) -> T:
        """What the work gives. Where it says that something is not so (`absent`), it has another try, caught up with
        what these keys are of.

        Raises what the work raises, or NotAsked: a refusal is final, and may not come of not knowing.
        """
        with suppress(*absent):
            return await work()
        try:
            await self._bring(keys)
        except NotAsked as unknown:
            with suppress(*absent):
                return await work()
            raise unknown
        return await work()

    async def _bring(self, keys: Iterable[str]) -> None:
        if known := {key for key in keys if is_id(key)}:
            await self.bring(known)


class Awaited:
    """The arrivals as one request asks for them, in many places: each key once, and none after one asking failed."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals, self._waiting = arrivals, asyncio.Lock()
        self._asked, self._answers = set[str](), True

    async def catch_up(self, keys: Iterable[str]) -> None:
        async with self._waiting:
            fresh = set(keys) - self._asked
            if fresh and self._answers:
                self._answers = await self._arrivals.catch_up(fresh)
                self._asked |= fresh
