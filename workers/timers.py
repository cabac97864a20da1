"""Periodic jobs: each by itself, never twice at a time, and never ended by a failure."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from workers.failures import named
from workers.pauses import BackOff, pause

_FIRST_WAIT_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 300.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """`work` runs `after_seconds` from the start, and then `every_seconds` after it has ended."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[object]]
    after_seconds: float = 0.0

    def back_off(self) -> BackOff:
        """From a few seconds (or the interval, if that is shorter) to some minutes (or the interval)."""
        first = min(self.every_seconds, _FIRST_WAIT_SECONDS)
        return BackOff(first, max(self.every_seconds, _LONGEST_WAIT_SECONDS))


class Timers:
    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Until `stop`; jobs under way then are finished first."""
        async with asyncio.TaskGroup() as group:
            for job in self._jobs:
                group.create_task(self._repeat(job), name=f"timer {job.name}")

    def stop(self) -> None:
        self._stopping.set()

    async def _repeat(self, job: Job) -> None:
        back_off = job.back_off()
        await pause(self._stopping, job.after_seconds)
        while not self._stopping.is_set():
            await pause(self._stopping, await self._seconds_after(job, back_off))

    async def _seconds_after(self, job: Job, back_off: BackOff) -> float:
        """Runs the job once; gives how long to wait for the next time."""
        try:
            await job.work()
        except Exception as error:
            wait_seconds = back_off.next_seconds()
            log.error("timer.failed", job=job.name, error=named(error), failures=back_off.failures)
            return wait_seconds
        back_off.reset()
        return job.every_seconds
