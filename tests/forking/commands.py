"""Starting the `hospital` command as a process: where the system lets them, as forks of one that has imported it all.

One such process for each that runs tests, begun with the first of them: see server.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Protocol

from hospital.supervisor.forking import can_fork

ROOT = Path(__file__).parents[2]

_one_at_a_time = threading.Lock()


class Started(Protocol):
    """What is used here of a `subprocess.Popen`."""

    pid: int
    stdout: IO[str] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int, /) -> None: ...


def started(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    ahead_seconds: float = 0.0,
    silent: bool = False,
    alone: bool = False,
) -> Started:
    """`hospital` with these arguments, that much ahead of the time. Its output and errors are one, and text.

    `silent`: nobody reads them; `alone`: it is not forked, and imports for itself what it runs.
    """
    given = dict(os.environ if environment is None else environment)
    if alone or not can_fork():
        return _executed(arguments, given, ahead_seconds, silent)
    word = {"arguments": arguments, "environment": given, "folder": os.getcwd(), "ahead_seconds": ahead_seconds}
    return Forked(_word_to_server(), json.dumps(word).encode(), silent)


def _executed(
    arguments: tuple[str, ...], environment: dict[str, str], ahead_seconds: float, silent: bool
) -> subprocess.Popen[str]:
    program = ("tests.e2e.later", str(ahead_seconds)) if ahead_seconds else ("hospital",)
    output = subprocess.DEVNULL if silent else subprocess.PIPE
    command = [sys.executable, "-m", *program, *arguments]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True, env=environment)


def _word_to_server() -> socket.socket:
    """Where it is told what to start."""
    with _one_at_a_time:
        return _server()[1]


@cache
def _server() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """It ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = (sys.executable, "-m", "tests.forking.server", str(theirs.fileno()))
        null = subprocess.DEVNULL
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=null, stdout=null, pass_fds=[theirs.fileno()], start_new_session=True
        )
    return process, ours


class Forked:
    """A command that was forked, as `subprocess.Popen` is one that was executed."""

    def __init__(self, server: socket.socket, word: bytes, silent: bool) -> None:
        told, telling = os.pipe()
        ours, theirs = (None, os.open(os.devnull, os.O_WRONLY)) if silent else os.pipe()
        try:
            socket.send_fds(server, [word], [theirs, telling])
        finally:
            os.close(theirs)
            os.close(telling)
        self.stdout: IO[str] | None = None if ours is None else os.fdopen(ours)
        self._told = os.fdopen(told)
        self.pid = int(self._told.readline())
        self._status: int | None = None

    def poll(self) -> int | None:
        return self._ended_within(0.0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._ended_within(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return status

    def send_signal(self, sig: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def _ended_within(self, seconds: float | None) -> int | None:
        if self._status is None and self._is_told_within(seconds):
            with self._told:
                self._status = int(self._told.readline() or -signal.SIGKILL)  # it has ended with the server
        return self._status

    def _is_told_within(self, seconds: float | None) -> bool:
        polled = select.poll()
        polled.register(self._told, select.POLLIN)
        return bool(polled.poll(None if seconds is None else seconds * 1000))
