"""Runners that end when they are told to; those that do not hear it are ended."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)


class Runner(Protocol):
    async def run(self) -> None: ...

    def stop(self) -> None: ...


async def run_until(stopping: asyncio.Event, runners: Sequence[Runner], seconds: float) -> None:
    """Until `stopping` is set or one has ended; what runs `seconds` later is cancelled. Raises what one raises."""
    tasks = [asyncio.create_task(runner.run()) for runner in runners]
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    for runner in runners:
        runner.stop()
    _, late = await asyncio.wait(tasks, timeout=seconds)
    if late:
        log.warning("worker.cut_off", runners=len(late))
    for task in late:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
