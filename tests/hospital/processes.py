"""The `hospital` command as people run it: `up` in a process of its own, the small ones in this one."""

import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hospital import command_line
from tests.forking.commands import Started, started
from tests.logs import plain_logs

STARTED_WITHIN_SECONDS = 60.0  # on a busy machine
MAILED_WITHIN_SECONDS = 20.0


@dataclass
class Running:
    """A hospital that is open, and what it has printed so far."""

    process: Started
    url: str = ""
    printed: list[str] = field(default_factory=list)

    def ask(self, document: str, bearer: str | None = None, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors. Raises OSError where nobody answers."""
        headers = {"content-type": "application/json"} | ({"authorization": bearer} if bearer else {})
        body = json.dumps({"query": document, "variables": variables}).encode()
        answer: dict[str, Any] = json.loads(_sent(urllib.request.Request(f"{self.url}/graphql", body, headers))[1])
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return _sent(urllib.request.Request(self.url + path, headers=headers))

    def newest_mail(self, subject: str) -> dict[str, str]:
        """When it is one of that subject: mail goes out a moment after what it tells of."""
        until = time.monotonic() + MAILED_WITHIN_SECONDS
        while time.monotonic() < until:
            mails: list[dict[str, str]] = json.loads(self.get("/dev/mailbox?first=1", accept="application/json")[1])
            if mails and mails[0]["subject"] == subject:
                return mails[0]
            time.sleep(0.05)
        raise AssertionError(f"there is no mail {subject!r}")

    def sign_in(self, email: str, password: str) -> str:
        document = """mutation ($email: String!, $password: String!) {
          signIn(input: {email: $email, password: $password}) { session { accessToken } errors { code } } }"""
        payload = self.ask(document, email=email, password=password)["signIn"]
        assert payload["errors"] == []
        return f"Bearer {payload['session']['accessToken']}"

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def hospital_up(
    folder: Path, *options: str, alone: bool = False, ahead_seconds: float = 0.0, **settings: str
) -> Iterator[Running]:
    """`alone`: it imports for itself, as where people start it."""
    command, environment = ("up", "--data", str(folder), "--port", "0", *options), without_settings() | settings
    running = Running(started(*command, environment=environment, ahead_seconds=ahead_seconds, alone=alone))
    opened = threading.Event()
    reading = threading.Thread(target=_read, args=(running, opened))
    reading.start()
    try:
        assert opened.wait(STARTED_WITHIN_SECONDS)
        assert running.url, "\n".join(running.printed)
        yield running
    finally:
        running.stop()
        reading.join()


@dataclass
class Command:
    """Runs one command in this process: its exit status, stdout and stderr."""

    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.monkeypatch.setattr(sys, "argv", ["hospital", *arguments])
        self.capsys.readouterr()  # what was said before it
        umask, status = os.umask(0o022), 0
        try:
            command_line.run()
        except SystemExit as ended:
            status = int(ended.code or 0)
        finally:
            os.umask(umask)
            plain_logs()
        said = self.capsys.readouterr()
        return status, said.out, said.err


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HOSPITAL_")}


def _read(running: Running, opened: threading.Event) -> None:
    assert running.process.stdout is not None
    for line in running.process.stdout:
        running.printed.append(line.rstrip())
        if "is open at" in line:
            running.url = line.split()[-1]
        if line.startswith("Ctrl-C"):
            opened.set()
    opened.set()


def _sent(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
