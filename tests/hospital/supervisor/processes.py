"""`hospital up --processes` under test, and its children, to be killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.hospital.supervisor.test_supervising import is_alive

SECONDS = 240.0  # on a busy machine: each process imports all that it is made of


@dataclass
class Processes:
    """A supervisor, and what it has said."""

    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return next(line.split()[-1] for line in self.said if "is open at" in line)

    def pids(self, *words: str) -> list[int]:
        """Of the children whose command has these words."""
        return [pid for pid in children_of(self.process.pid) if set(words) <= set(command_of(pid))]

    async def says(self, what: str) -> None:
        async with asyncio.timeout(SECONDS):
            while not any(what in line for line in self.said):
                assert self.process.returncode is None, "\n".join(self.said)
                await asyncio.sleep(0.05)

    def deafen(self) -> None:
        """Closes the pipe into which it speaks."""
        transport = self.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.close()

    async def listen(self, output: asyncio.StreamReader) -> None:
        async for line in output:
            self.said.append(line.decode().rstrip())


@asynccontextmanager
async def up(*options: str, environment: Mapping[str, str] = os.environ) -> AsyncIterator[Processes]:
    command = (sys.executable, "-m", "hospital", "up", "--processes", "--port", "0", *options)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment
    )
    opened = Processes(process)
    assert opened.process.stdout is not None
    listening = asyncio.create_task(opened.listen(opened.process.stdout))
    try:
        await opened.says("Ctrl-C closes it.")
        yield opened
    finally:
        if opened.process.returncode is None:
            opened.process.kill()  # whose children end by themselves
        await opened.process.wait()
        await listening


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
