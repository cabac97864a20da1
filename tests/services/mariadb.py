"""A MariaDB on a spare port, in a folder of its own, that keeps nothing safe: it is thrown away with the tests."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.kafka import TOGETHER
from tests.services.ports import spare_port

MISSING = "no MariaDB: `make services` says what it needs (apt-get install mariadb-server)"
_SECONDS = 60
_OPTIONS = (
    "--no-defaults",
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=OFF",
    "--innodb-log-file-size=16M",
    "--innodb-buffer-pool-size=64M",
    "--loose-innodb-file-per-table=OFF",  # with a file for each, emptying a table takes a disk 30 ms instead of 2
    "--loose-innodb-flush-method=nosync",  # who is killed leaves what it wrote to the system all the same
    "--loose-debug-no-sync",
    "--max-connections=500",
    "--socket=socket",  # from the data on: its path may not be long
    *(["--user=root"] if os.geteuid() == 0 else []),
)


def can_run() -> bool:
    return all(map(_found, ("mariadbd", "mariadb-install-db")))


class Server:
    """May be killed and started again on what it has, and stopped for a while; root needs no password."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port, self._options = spare_port(), options
        self._data, self._log, self._scratch = folder / "data", folder / "log", folder / "scratch"
        self._scratch.mkdir()
        self._process: subprocess.Popen[bytes] | None = None
        if self._run("mariadb-install-db", "--auth-root-authentication-method=normal", "--skip-test-db").wait() != 0:
            raise RuntimeError(f"MariaDB was not made: {self._log.read_text('utf-8')[-2000:]}")

    def url(self, user: str = "root", database: str = "") -> str:
        return f"mysql+asyncmy://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        self._process = self._run("mariadbd", f"--port={self.port}", *self._options)
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"MariaDB did not start: {self._log.read_text('utf-8')[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It takes connections meanwhile, and says nothing."""
        self._signal(signal.SIGSTOP)
        if self._process is not None:
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _run(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        own = f"--datadir={self._data}", f"--tmpdir={self._scratch}"  # two that share one take each other's files
        command = [*TOGETHER, _found(program) or program, *_OPTIONS, *own, *arguments]
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Server]:
    server = Server(folder, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _found(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
