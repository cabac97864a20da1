"""`hospital up --processes` under test, and its children, to be killed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.forking.commands import Started, started
from tests.hospital.supervisor.test_supervising import is_alive

SECONDS = 240.0  # on a busy machine: each process imports all that it is made of


@dataclass
class Processes:
    """A supervisor, and what it has said."""

    process: Started
    pipe: asyncio.ReadTransport
    output: asyncio.StreamReader
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        async for line in self.output:
            self.said.append(line.decode().rstrip())

    @property
    def url(self) -> str:
        return next(line.split()[-1] for line in self.said if "is open at" in line)

    def pids(self, *words: str) -> list[int]:
        """Of the children whose command has these words."""
        return [pid for pid in children_of(self.process.pid) if set(words) <= set(command_of(pid))]

    async def says(self, what: str) -> None:
        async with asyncio.timeout(SECONDS):
            while not any(what in line for line in self.said):
                assert self.process.poll() is None, "\n".join(self.said)
                await asyncio.sleep(0.05)

    async def ended(self) -> int:
        """Its exit status; all that it said is there."""
        status = await asyncio.to_thread(self.process.wait, SECONDS)
        await self._listening
        return status

    def deafen(self) -> None:
        """Closes the pipe into which it speaks."""
        self.pipe.close()


@asynccontextmanager
async def up(
    *options: str, environment: Mapping[str, str] = os.environ, alone: bool = False
) -> AsyncIterator[Processes]:
    """`alone`: it imports for itself, as where people start it."""
    command = ("up", "--processes", "--port", "0", *options)
    process = await asyncio.to_thread(started, *command, environment=environment, alone=alone)
    output = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(output)
    pipe, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, process.stdout)
    opened = Processes(process, pipe, output)
    try:
        await opened.says("Ctrl-C closes it.")
        yield opened
    finally:
        process.send_signal(signal.SIGKILL)  # its children end by themselves
        await opened.ended()


async def killed(pids: list[int]) -> None:
    """Returns when they are gone, and with them their listening."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(SECONDS):
        while any(is_alive(pid) for pid in pids):  # noqa: ASYNC110 (they are another process's children)
            await asyncio.sleep(0.02)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_of(pid: int) -> list[str]:
    """Nothing for one that has ended since it was listed."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ").split()
    except (FileNotFoundError, ProcessLookupError):
        return []
