"""Keeping one component at work: what ends by itself is started again, after pauses that grow."""

import asyncio
import signal
from dataclasses import dataclass

import structlog

from hospital.problems import CannotRun
from hospital.supervisor.process import Component, Process, Start
from workers.pauses import BackOff, pause

_NOT_STARTED = 126

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the pauses are, how long a component lives whose next end is a first one again, and how long one that
    is told to end may take."""

    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 30.0
    steady_seconds: float = 60.0
    draining_seconds: float = 15.0


class Keeper:
    def __init__(self, component: Component, start: Start, patience: Patience) -> None:
        self.component = component
        self.works = asyncio.Event()
        self._start, self._patience = start, patience
        self._back_off = BackOff(patience.first_pause_seconds, patience.longest_pause_seconds)
        self._stopping = asyncio.Event()
        self._process: Process | None = None
        self._killed = False
        self._log = log.bind(component=component.name)

    async def keep(self) -> None:
        """Until it is told to drain. Raises CannotRun for a component that never worked and never will as it is set."""
        while not self._stopping.is_set():
            began = asyncio.get_running_loop().time()
            status = await self._lived()
            if not self._stopping.is_set():
                await self._pause(status, asyncio.get_running_loop().time() - began)

    async def drain(self, keeping: "asyncio.Task[None]") -> bool:
        """Tells it to end; whether it did so by itself within the time that it has."""
        self._stopping.set()
        if self._process is not None:
            self._process.end()
        _, late = await asyncio.wait([keeping], timeout=self._patience.draining_seconds)
        if late:
            self._log.error("component.killed", after_seconds=self._patience.draining_seconds)
            self.kill()
            await asyncio.wait([keeping])
        return not self._killed

    def kill(self) -> None:
        self._killed = True
        self._stopping.set()
        if self._process is not None:
            self._process.kill()

    async def _lived(self) -> int:
        """Starts it, and gives the exit status with which it ended."""
        try:
            self._process = process = await self._started()
        except OSError as error:
            self._log.error("component.not_started", error=str(error))
            return _NOT_STARTED
        if process is None:
            return _NOT_STARTED
        if self._stopping.is_set():
            (process.kill if self._killed else process.end)()
        working = asyncio.create_task(self._note_work(process))
        try:
            return await process.ended()
        finally:
            working.cancel()
            self._process = None

    async def _started(self) -> Process | None:
        """None where it was told to stop before that. Raises OSError."""
        starting = asyncio.create_task(Process.started(self.component, self._start))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            starting.cancel()
            await asyncio.wait([starting])
        return None if starting.cancelled() else starting.result()

    async def _note_work(self, process: Process) -> None:
        await process.works.wait()
        if self.works.is_set():
            self._log.info("component.works_again")
        self.works.set()

    async def _pause(self, status: int, lived_seconds: float) -> None:
        if status == CannotRun.status and not self.works.is_set():
            raise CannotRun(f"{self.component.name} cannot run as it is set.")
        if lived_seconds >= self._patience.steady_seconds:
            self._back_off.reset()
        seconds = self._back_off.next_seconds()
        if status == CannotRun.status:  # it worked before: a file was spoilt, and may be mended
            seconds = self._patience.longest_pause_seconds
        lived, again = round(lived_seconds, 1), round(seconds, 1)
        self._log.error("component.ended", **_how(status), lived_seconds=lived, again_in_seconds=again)
        await pause(self._stopping, seconds)


def _how(status: int) -> dict[str, object]:
    return {"signal": signal.Signals(-status).name} if status < 0 else {"exit_status": status}
