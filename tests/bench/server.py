"""Processes under measurement: on a spare port, asked over keep-alive HTTP, CPU time as the kernel counts it."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import aiohttp

_STARTED_WITHIN_SECONDS = 120.0
_SCHEDULED = 2
"""Which of a process's clocks: the time it was on a processor (`CPUCLOCK_SCHED` of the kernel)."""

Send = Callable[[int], Awaitable[object]]


async def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Side:
    """Processes under measurement: their ids, where they answer, and how to wait until all that is to do is done."""

    pids: Sequence[int]
    url: str
    until_quiet: Callable[[], Awaitable[None]] = _nothing


@asynccontextmanager
async def running(
    arguments: Sequence[str], url: str, log: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> AsyncIterator[int]:
    """The process id of `python -m …`, once `url` answers; it is ended with SIGTERM."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, stdout=output, stderr=output, env={**os.environ, **environment}
        )
    try:
        await _until_answered(url, process)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_answered(url: str, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + _STARTED_WITHIN_SECONDS
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline and process.returncode is None:
            try:
                async with session.get(url) as answer:
                    if answer.status < 500:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)
    raise SystemExit(f"{url} did not answer")


def cpu_seconds(pids: Sequence[int]) -> float:
    """Of the processes with all their threads, by the kernel's clocks of them: exact where ticks are too coarse."""
    return sum(time.clock_gettime((~pid << 3) | _SCHEDULED) for pid in pids)


async def cpu_ms_each(side: Side, send: Send, count: int) -> float:
    """CPU milliseconds for each of `count` calls of `send(number)`, with all that they bring about."""
    await side.until_quiet()
    before = cpu_seconds(side.pids)
    await some_at_once(send, count)
    await side.until_quiet()
    return (cpu_seconds(side.pids) - before) / count * 1000


async def some_at_once(send: Send, count: int, *, at_once: int = 4) -> None:
    numbers = iter(range(count))

    async def client() -> None:
        for number in numbers:
            await send(number)

    await asyncio.gather(*(client() for _ in range(at_once)))
