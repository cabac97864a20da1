"""Servers of a whole run of tests: each is begun by the first who asks for it, whichever process runs that test.

They are children of the process that ends last, which under xdist runs no test: of a thread of it that lives as long.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from multiprocessing.connection import Client, Listener
from pathlib import Path
from threading import Thread
from typing import TypeAlias

from tests.services import kafka, mariadb

Begin: TypeAlias = Callable[[ExitStack, Path], object]
"""Begins a server in that folder, and says how it is reached."""


class Shared:
    """`address` is where they are asked for."""

    def __init__(self, kinds: Mapping[str, Begin]) -> None:
        self._kinds, self._listener, self._servers = kinds, Listener(family="AF_UNIX"), ExitStack()
        self._begun: dict[str, object] = {}
        self.address = str(self._listener.address)
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nobody may ask any more."""
        with Client(self.address) as asked:
            asked.send(None)
        self._thread.join()
        self._listener.close()
        self._servers.close()

    def _serve(self) -> None:
        while True:
            with self._listener.accept() as asking, suppress(EOFError, OSError):  # who asked was killed
                wanted = asking.recv()
                if wanted is None:
                    return
                asking.send(self._answer(*wanted))

    def _answer(self, kind: str, folder: Path) -> object:
        try:
            if kind not in self._begun:
                self._begun[kind] = self._kinds[kind](self._servers, folder)
        except Exception as error:
            return RuntimeError(f"no {kind}: {error!r}")  # not every error can be sent
        return self._begun[kind]


def reach(kind: str, folder: Path, *, at: str) -> object:
    """How the server of that kind is reached; whose folder that is to be, if it is not begun yet. `at`: see Shared."""
    with Client(at) as asked:
        asked.send((kind, folder))
        answer = asked.recv()
    if isinstance(answer, Exception):
        raise answer
    return answer


def begin_kafka(servers: ExitStack, folder: Path) -> kafka.Reached:
    return servers.enter_context(kafka.broker(folder, locked=True)).reached


def begin_mariadb(servers: ExitStack, folder: Path) -> str:
    return servers.enter_context(mariadb.running(folder)).url()


KINDS: Mapping[str, Begin] = {"kafka": begin_kafka, "mariadb": begin_mariadb}
