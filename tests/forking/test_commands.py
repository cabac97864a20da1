"""A command that is forked is what `python -m hospital` is, and ends with the tests."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hospital.supervisor.forking import can_fork
from tests.forking.commands import ROOT, Forked, Started, started
from tests.hospital.processes import Command, command, hospital_up
from tests.hospital.test_up import PASSWORD, admin_of

__all__ = ["command"]

pytestmark = pytest.mark.skipif(not can_fork(), reason="every command imports for itself")

SECONDS = 60.0  # on a busy machine
AN_HOUR = 3600.0

ECHOES = """
import os, socket, sys
from tests.forking.server import Server, settle
asked = Server(socket.socket(fileno=int(sys.argv[1]))).serve()
if asked:
    settle(asked)
    print(sorted(os.listdir("/proc/self/fd"), key=int), dict(os.environ), os.getcwd(), flush=True)
    if not asked["ends"]:
        socket.create_server(("127.0.0.1", 0)).accept()
"""
"""A server that has imported nothing, and what it becomes: it says what it has, and then ends or does not."""

HAS = "['0', '1', '2', '3'] {'A': 'setting'} /\n"
"""The last that is open is the folder in which it looks."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forking") / "data"


@pytest.fixture
def echoing() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        program, end = [sys.executable, "-c", ECHOES, str(theirs.fileno())], theirs.fileno()
        process = subprocess.Popen(program, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[end])
        theirs.close()
        yield process, ours
    process.wait(SECONDS)


def echo(server: socket.socket, *, ends: bool) -> Forked:
    word = {"environment": {"A": "setting"}, "folder": "/", "ahead_seconds": 0.0, "ends": ends}
    return Forked(server, json.dumps(word).encode(), silent=False)


def ended(process: Started) -> tuple[int, str]:
    """Its exit status, and all that it has said."""
    assert process.stdout is not None
    with process.stdout:
        said = process.stdout.read()
    return process.wait(SECONDS), said


def test_it_says_what_the_true_one_says():
    environment = {**os.environ, "HOSPITAL_TIME_ZONE": "Asia/Kolkata", "HOSPITAL_NOTHING": "a word"}
    forked, executed = (ended(started("settings", environment=environment, alone=alone)) for alone in (False, True))
    assert forked == executed
    assert forked[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [
        (("settings", "--no-such-option"), "Usage: python -m hospital settings [OPTIONS]", 2),
        (("subgraph", "neighbours"), "There is no subgraph neighbours", 78),
    ],
)
def test_it_ends_with_its_status(arguments: tuple[str, ...], said: str, status: int):
    process = ended(started(*arguments))
    assert (process[0], said in process[1]) == (status, True)


def test_it_works_in_the_folder_of_who_asked_and_writes_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    assert ended(started("keys", "callers.json"))[0] == 0
    assert (tmp_path / "callers.json").stat().st_mode & 0o777 == 0o600


def test_it_takes_signals(folder: Path):
    for number, status in ((signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)):
        with hospital_up(folder) as running:
            process = running.process
            assert any(line.endswith(f"process {process.pid}") for line in running.printed)
            process.send_signal(signal.SIGSTOP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.1)
            process.send_signal(signal.SIGCONT)
            assert running.stop(number) == status
        process.send_signal(number)  # to nobody


def test_ahead_of_the_time_it_is_so_in_all_its_parts(folder: Path, command: Command):
    """Accounts say when a token was made, and the router lets no token pass that is not made yet."""
    admin_of(folder, command)
    with hospital_up(folder, ahead_seconds=AN_HOUR) as running:
        bearer = running.sign_in("admin@example.com", PASSWORD)
        payload = bearer.split(".")[1]
        made = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["iat"]
        assert AN_HOUR - SECONDS < made - time.time() < AN_HOUR + SECONDS
        assert running.ask("{ viewer { account { email } } }", bearer)["viewer"]["account"]["email"]


def test_it_has_nothing_of_the_server_and_of_others(echoing: tuple[subprocess.Popen[bytes], socket.socket]):
    before, between, after = (echo(echoing[1], ends=ends) for ends in (False, True, False))
    assert ended(between) == (0, HAS)
    for other in (before, after):
        assert other.poll() is None
        other.send_signal(signal.SIGKILL)
        assert ended(other) == (-signal.SIGKILL, HAS)


@pytest.mark.parametrize("killed", [False, True], ids=["the tests end", "the server is killed"])
def test_it_ends_with_the_tests(echoing: tuple[subprocess.Popen[bytes], socket.socket], killed: bool):
    process, server = echoing
    lives = echo(server, ends=False)
    assert lives.stdout is not None
    assert lives.stdout.readline() == HAS
    process.kill() if killed else server.close()
    assert ended(lives) == (-signal.SIGKILL, "")  # nobody has the pipe in which it spoke
