"""A process that has imported what the `hospital` command runs, and becomes that command by a fork.

It is told over a socket, one word at a time: what to run as JSON, and with it the ends of two pipes. Into the first the
command speaks. Into the second this process tells the command's process id and, when it has ended, its exit status. It
ends when the other end of the socket is closed, and every command that still runs ends with it.
"""

import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from setproctitle import setproctitle

from tests.e2e.later import go_ahead, make_movable

_LONGEST_WORD_BYTES = 262_144
_SET_PARENT_DEATH_SIGNAL = 1  # of prctl
_STDOUT, _STDERR = 1, 2

_libc: Any = ctypes.CDLL(None)


class Server:
    def __init__(self, tests: socket.socket) -> None:
        self._tests = tests
        self._running: dict[int, tuple[int, int]] = {}
        """By a handle on each: its process id, and where its end is told."""

    def serve(self) -> dict[str, Any] | None:
        """Returns in the commands alone, with what each is to run; None when no more are wanted."""
        while True:
            ready, _, _ = select.select([self._tests, *self._running], [], [])
            for handle in self._running.keys() & set(ready):
                self._tell_end(handle)
            if self._tests in ready:
                word, ends, _, _ = socket.recv_fds(self._tests, _LONGEST_WORD_BYTES, 2)
                if not word:
                    return None
                if self._forks(*ends):
                    asked: dict[str, Any] = json.loads(word)
                    return asked

    def _forks(self, output: int, telling: int) -> bool:
        """Whether this is the command."""
        pid = os.fork()
        if pid == 0:
            _libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
            for standard in (_STDOUT, _STDERR):
                os.dup2(output, standard)
            self._close([output, telling])
            return True
        os.close(output)
        with suppress(BrokenPipeError):
            os.write(telling, f"{pid}\n".encode())
        self._running[os.pidfd_open(pid)] = pid, telling
        return False

    def _close(self, ends: Sequence[int]) -> None:
        """What is of this process, and of the other commands."""
        self._tests.close()
        for handle, (_, telling) in self._running.items():
            ends = [*ends, handle, telling]
        for end in ends:
            os.close(end)

    def _tell_end(self, handle: int) -> None:
        pid, telling = self._running.pop(handle)
        _, status = os.waitpid(pid, 0)
        with suppress(BrokenPipeError):  # nobody waits for it
            os.write(telling, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os.close(telling)
        os.close(handle)


def import_all() -> None:
    """What every command runs."""
    fork_server = import_module("hospital.supervisor.fork_server")
    commands = import_module("hospital.command_line").COMMANDS
    for module in (*(f"hospital.commands.{module}" for module, _ in commands.values()), *fork_server.IMPORTED):
        import_module(module)


def settle(asked: dict[str, Any]) -> None:
    """In the environment, folder and time of who asked."""
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    os.chdir(asked["folder"])
    if asked["ahead_seconds"]:
        go_ahead(asked["ahead_seconds"])


def become(arguments: list[str]) -> None:
    """What `python -m hospital` is with those arguments."""
    program = sys.modules["__main__"] = sys.modules["hospital.__main__"]
    sys.argv = [str(program.__file__), *arguments]
    setproctitle(" ".join(["hospital", *arguments]))
    program.main()


def run(tests: socket.socket) -> None:
    setproctitle("hospital fork server of tests")
    make_movable()
    gc.disable()  # nothing of what is imported is garbage
    import_all()
    gc.collect()
    gc.freeze()  # what is never collected is not written to, and stays shared
    gc.enable()
    asked = Server(tests).serve()
    if asked is None:
        os._exit(0)  # at once: there is nothing to take down
    settle(asked)
    become(asked["arguments"])


if __name__ == "__main__":
    run(socket.socket(fileno=int(sys.argv[1])))
