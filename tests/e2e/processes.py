"""A hospital in a process of its own, to be killed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import aiohttp

from hospital.folder import DataFolder
from hospital.runtime import open_runtime
from subgraphs.kernel.settings import Settings
from tests.e2e.hospital import Gate
from tests.forking.commands import Started, started
from tests.services.ports import spare_port

READY_SECONDS = 30.0


class EndedEarly(Exception):
    """The hospital ended before it was ready."""


class Process:
    """`hospital up` on that folder, that much ahead of the time; `gate` is its public port."""

    def __init__(self, process: Started, gate: Gate) -> None:
        self._process, self.gate = process, gate

    @classmethod
    async def started(cls, folder: Path, session: aiohttp.ClientSession, ahead_seconds: float = 0.0) -> Self:
        """Once more at another port, where somebody has taken the first one meanwhile."""
        try:
            return await cls._started(folder, session, ahead_seconds)
        except EndedEarly:
            return await cls._started(folder, session, ahead_seconds)

    @classmethod
    async def _started(cls, folder: Path, session: aiohttp.ClientSession, ahead_seconds: float) -> Self:
        port = spare_port()
        command = ("up", "--data", str(folder), "--port", str(port))
        process = await asyncio.to_thread(started, *command, ahead_seconds=ahead_seconds, silent=True)
        up = cls(process, Gate(f"http://127.0.0.1:{port}", session))
        async with asyncio.timeout(READY_SECONDS):
            await up._ready()
        return up

    async def _ready(self) -> None:
        while True:
            if self._process.poll() is not None:
                raise EndedEarly
            try:
                if (await self.gate.get("/readyz")).status == 200:
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        await self.ended()

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        return await asyncio.to_thread(self._process.wait, READY_SECONDS)

    async def stop(self) -> None:
        if self._process.poll() is None:
            await self.kill()


@asynccontextmanager
async def running(folder: Path, session: aiohttp.ClientSession, ahead_seconds: float = 0.0) -> AsyncIterator[Process]:
    process = await Process.started(folder, session, ahead_seconds)
    try:
        yield process
    finally:
        await process.stop()


async def make_admin(folder: Path, email: str, password: str) -> None:
    """As `hospital create-admin` does, without a process of its own."""
    data = DataFolder(folder)
    with data.opened():
        async with open_runtime(data, Settings(data=folder)) as runtime:
            await runtime.domains.accounts.service.create_admin(email, password)
