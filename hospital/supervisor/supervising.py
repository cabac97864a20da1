"""Keeping all components of a hospital: started stage by stage, drained in the opposite order."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from hospital.supervisor.keeping import Keeper, Patience
from hospital.supervisor.process import Component, Start

Stage = Sequence[Component]
Advance = Callable[[str], None]


class Supervisor:
    """`stages`: the components of one work as soon as they like, those of the next are started when all of it do."""

    def __init__(self, stages: Sequence[Stage], start: Start, patience: Patience | None = None) -> None:
        patience = patience or Patience()
        self._stages = [[Keeper(each, start, patience) for each in stage] for stage in stages]
        self._keeping: dict[Keeper, asyncio.Task[None]] = {}
        self.told = asyncio.Event()
        """That it is to stop."""

    async def run(self, advance: Advance, on_open: Callable[[], None]) -> bool:
        """Until `stop`; whether all of them then ended by themselves in time. Raises CannotRun, with none left behind.

        `advance` is told who works now; `on_open` is called when all of them do.
        """
        try:
            if await self._opened(advance):
                on_open()
            await self._unless_told(_for_ever())
        finally:
            politely = await self._drained()
        return politely

    def stop(self) -> None:
        """Drains; called once more, it kills all that is left."""
        if self.told.is_set():
            for keeper in self._keeping:
                keeper.kill()
        self.told.set()

    async def _opened(self, advance: Advance) -> bool:
        """False when it was told to stop before that."""
        for stage in self._stages:
            for keeper in stage:
                self._keeping[keeper] = asyncio.create_task(keeper.keep(), name=keeper.component.name)
            for keeper in stage:
                if not await self._unless_told(keeper.works.wait()):
                    return False
                advance(keeper.component.name)
        return True

    async def _unless_told(self, awaited: Coroutine[Any, Any, object]) -> bool:
        """Whether what is awaited came before the word to stop. Raises what ended the keeping of a component."""
        waiting, told = asyncio.create_task(awaited), asyncio.create_task(self.told.wait())
        try:
            done, _ = await asyncio.wait([waiting, told, *self._keeping.values()], return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            told.cancel()
        for task in done & set(self._keeping.values()):
            task.result()
        return waiting in done and not self.told.is_set()

    async def _drained(self) -> bool:
        """The last stage first: whoever asks others ends before those who answer."""
        politely = True
        for stage in reversed(self._stages):
            ending = [keeper.drain(self._keeping[keeper]) for keeper in stage if keeper in self._keeping]
            politely &= all(await asyncio.gather(*ending))
        return politely


async def _for_ever() -> None:
    await asyncio.Event().wait()
