"""What a process says when nobody hears it."""

import io
import sys

import pytest
import structlog
import typer

from hospital.logs import LogSettings, configure_logs
from hospital.output import heard_or_not
from tests.logs import plain_logs


class Full(io.StringIO):
    """As on a disk that is full, until there is room."""

    has_room = False

    def flush(self) -> None:
        if not self.has_room:
            raise OSError(28, "No space left on device")

    def write(self, text: str) -> int:
        self.flush()
        return super().write(text)


def full_disk(monkeypatch: pytest.MonkeyPatch) -> Full:
    stream = Full()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_what_cannot_be_said_is_dropped_and_what_comes_later_is_said(monkeypatch: pytest.MonkeyPatch):
    full = full_disk(monkeypatch)
    with heard_or_not():
        typer.echo("lost")
        typer.echo("lost, too", err=True)
        full.has_room = True
        typer.echo("heard")
    assert full.getvalue() == "heard\n"


def test_a_line_of_the_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch):
    full = full_disk(monkeypatch)
    configure_logs(LogSettings())
    try:
        structlog.get_logger().error("lost")
        full.has_room = True
        structlog.get_logger().error("heard")
    finally:
        plain_logs()
    assert ("lost" in full.getvalue(), "heard" in full.getvalue()) == (False, True)
