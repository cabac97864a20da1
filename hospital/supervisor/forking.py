"""Starting components as forks of one process that has imported what they are made of: see fork_server.

Each starts in a fraction of the time that its imports take, and shares with the others the memory that they need. For
Linux, where a process may adopt what its children leave behind: all components are children of this one.
"""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import FileIO
from typing import Any

from hospital.supervisor.process import LONGEST_LINE_BYTES, Component

_SET_CHILD_SUBREAPER = 36  # of prctl
_LONGEST_ANSWER_BYTES = 64
_FORKED_WITHIN_SECONDS = 60.0  # on a busy machine: the first fork waits for all imports


def can_fork() -> bool:
    """Whether the system lets a process watch over those that it adopts."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class ForkServer:
    """Begun with the first component, and anew where it has come to an end: no component depends on it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._one_at_a_time = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._words: socket.socket | None = None

    async def start(self, component: Component) -> "Forked":
        """Raises OSError."""
        theirs, ours = _pipes()
        try:
            pid = await self._forked(component.arguments, theirs)
        except BaseException:
            _close(ours)
            raise
        finally:
            _close(theirs)
        try:
            return await Forked.of(pid, *ours)
        except BaseException:  # also of who does not want it any more
            os.kill(pid, signal.SIGKILL)
            await asyncio.to_thread(os.waitpid, pid, 0)
            _close(ours)
            raise

    async def close(self) -> None:
        if self._words is not None:
            self._words.close()
        if self._process is not None:
            _kill(self._process)
            await self._process.wait()
        adopt_orphans(False)

    async def _forked(self, arguments: Sequence[str], pipes: Sequence[FileIO]) -> int:
        async with self._one_at_a_time:
            process, words = await self._server()
            try:
                async with asyncio.timeout(_FORKED_WITHIN_SECONDS):
                    socket.send_fds(words, [json.dumps(arguments).encode()], [each.fileno() for each in pipes])
                    answer = await asyncio.get_running_loop().sock_recv(words, _LONGEST_ANSWER_BYTES)
            except BaseException:  # what it says later would be taken for an answer to the next
                self._process = None
                _kill(process)
                raise
        if not answer:
            raise OSError("the fork server has ended")
        return int(answer)

    async def _server(self) -> tuple[asyncio.subprocess.Process, socket.socket]:
        if self._process is None or self._words is None or self._process.returncode is not None:
            if self._words is not None:
                self._words.close()
            self._process, self._words = await self._begun()
        return self._process, self._words

    async def _begun(self) -> tuple[asyncio.subprocess.Process, socket.socket]:
        adopt_orphans(True)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hospital.supervisor.fork_server", str(theirs.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                env=self._environment,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return process, ours


class Forked:
    """A component that was forked, for who has adopted it."""

    def __init__(self, pid: int, stdin: FileIO, stdout: asyncio.StreamReader, stderr: asyncio.StreamReader) -> None:
        self.stdout: asyncio.StreamReader | None = stdout
        self.stderr: asyncio.StreamReader | None = stderr
        self._pid, self._stdin = pid, stdin
        self._loop = asyncio.get_running_loop()
        self._status: asyncio.Future[int] = self._loop.create_future()
        ending = os.pidfd_open(pid)
        self._loop.add_reader(ending, self._note_end, ending)

    @classmethod
    async def of(cls, pid: int, stdin: FileIO, stdout: FileIO, stderr: FileIO) -> "Forked":
        return cls(pid, stdin, await _reader(stdout), await _reader(stderr))

    async def wait(self) -> int:
        return await asyncio.shield(self._status)

    def send_signal(self, number: int, /) -> None:
        if self._status.done():
            raise ProcessLookupError
        os.kill(self._pid, number)

    def _note_end(self, ending: int) -> None:
        self._loop.remove_reader(ending)
        os.close(ending)
        self._stdin.close()
        _, status = os.waitpid(self._pid, 0)
        self._status.set_result(os.waitstatus_to_exitcode(status))


def adopt_orphans(wanted: bool) -> None:
    """Whether what descends from this process becomes its child when its parent has ended. Raises OSError."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this process cannot adopt what it starts")


def _pipes() -> tuple[list[FileIO], list[FileIO]]:
    """For standard input, output and errors: the ends of the component, and ours."""
    (their_in, our_in), (our_out, their_out), (our_errors, their_errors) = (os.pipe() for _ in range(3))
    theirs = [FileIO(their_in, "rb"), FileIO(their_out, "wb"), FileIO(their_errors, "wb")]
    ours = [FileIO(our_in, "wb"), FileIO(our_out, "rb"), FileIO(our_errors, "rb")]
    return theirs, ours


def _close(files: Sequence[FileIO]) -> None:
    for file in files:
        file.close()


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)


async def _reader(file: FileIO) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=LONGEST_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
    return reader
