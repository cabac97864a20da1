"""A server is begun once, by the first who asks, and ends with the run."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.services.kafka import TOGETHER
from tests.services.shared import Shared, reach

SHARES = """
import subprocess, sys
from tests.services.kafka import TOGETHER
from tests.services.shared import Shared

def begin(servers, folder):
    return subprocess.Popen([*TOGETHER, "sleep", "600"]).pid

print(Shared({"sleep": begin}).address, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """Where servers are asked for, and what became of them."""
    told: list[str] = []

    def begin(servers: ExitStack, folder: Path) -> str:
        told.append(f"begun in {folder.name}")
        servers.callback(told.append, "ended")
        return f"address {len(told)}"

    def fail(servers: ExitStack, folder: Path) -> str:
        raise RuntimeError("it did not start")

    shared = Shared({"server": begin, "broken": fail})
    yield shared.address, told
    shared.close()
    assert told[1:] == ["ended"] * len(told[:1])


def test_who_asks_later_gets_what_was_begun(begun: tuple[str, list[str]], tmp_path: Path):
    at, told = begun
    addresses = [reach("server", tmp_path / name, at=at) for name in ("first", "second")]
    assert (addresses, told) == (["address 1"] * 2, ["begun in first"])


def test_that_one_cannot_be_begun_is_an_error_of_each_who_asks(begun: tuple[str, list[str]], tmp_path: Path):
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no broken: RuntimeError"):
            reach("broken", tmp_path, at=begun[0])


@pytest.mark.skipif(not TOGETHER, reason="nothing here ends a server with the tests")
def test_where_the_run_is_killed_its_servers_end(tmp_path: Path):
    program, own = [sys.executable, "-c", SHARES], os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=own) as run:
        assert run.stdout is not None
        pid = reach("sleep", tmp_path, at=run.stdout.readline().strip())
        server = os.pidfd_open(int(str(pid)))
        while Path(f"/proc/{pid}/comm").read_text() != "sleep\n":  # it is not tied to the run yet
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        with os.fdopen(server):
            ended, _, _ = select.select([server], [], [], 30.0)
        assert ended
