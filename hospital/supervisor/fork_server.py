"""A process that has imported what every component is made of, and becomes any of them by a fork.

It is told over a socket, one word at a time: the arguments of a component as JSON, and with them the three ends of its
pipes. It answers with the component's process id. The component is forked twice, so that it becomes a child of whoever
adopts orphans: the supervisor. It ends when the other end of the socket is closed.
"""

import gc
import json
import os
import socket
import sys
from importlib import import_module

from setproctitle import setproctitle

from hospital.__main__ import main
from hospital.components.workers import MODULES
from hospital.names import NAMES

_STANDARD = (0, 1, 2)
_LONGEST_WORD_BYTES = 65_536

IMPORTED = (
    *(f"hospital.commands.{each}" for each in ("router", "subgraph", "worker")),
    *(f"hospital.components.wiring.{name}" for name in NAMES),
    *MODULES,
)


def serve(supervisor: socket.socket) -> list[str] | None:
    """Returns in the components alone, with the arguments of each; None when no more are wanted."""
    while True:
        word, ends, _, _ = socket.recv_fds(supervisor, _LONGEST_WORD_BYTES, len(_STANDARD))
        if not word:
            return None
        pid = _forked_twice()
        if pid == 0:
            supervisor.close()
            _take(ends)
            arguments: list[str] = json.loads(word)
            return arguments
        for end in ends:
            os.close(end)
        supervisor.send(str(pid).encode())


def _forked_twice() -> int:
    """The process id of the grandchild, which by then nobody here is a parent of; 0 in it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        os.waitpid(child, 0)
        with open(reading, "rb") as answer:
            return int(answer.read())
    pid = os.fork()
    if pid:
        os.write(writing, str(pid).encode())
        os._exit(0)
    os.close(reading)
    os.close(writing)
    return 0


def _take(ends: list[int]) -> None:
    """A session of its own, and the pipes in place of what this process had."""
    os.setsid()
    for standard, end in zip(_STANDARD, ends, strict=True):
        os.dup2(end, standard)
        os.close(end)


def run(supervisor: socket.socket) -> None:
    setproctitle("hospital fork server")
    gc.disable()  # nothing of what is imported is garbage
    for module in IMPORTED:
        import_module(module)
    for name in NAMES:
        import_module(f"subgraphs.{name}.schema").make_schema()
    gc.collect()
    gc.freeze()  # what is never collected is not written to, and stays shared
    gc.enable()
    arguments = serve(supervisor)
    if arguments is not None:
        setproctitle(" ".join(["hospital", *arguments]))
        sys.argv = ["hospital", *arguments]
        main()


if __name__ == "__main__":
    run(socket.socket(fileno=int(sys.argv[1])))
