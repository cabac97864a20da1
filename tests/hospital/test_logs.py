"""What logs say, and what none of them may."""

import io
import json
import logging
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from hospital.logs import LogSettings, configure_logs
from tests.hospital.processes import Command, Running, hospital_up
from tests.hospital.test_readme import Reader, accepted, booked, paid, written_down
from tests.hospital.test_up import PASSWORD, admin_of, doctor_in
from tests.logs import plain_logs

PRIVATE = (
    *("Huzaifa", "huzaifa@example.com", "Delhi", "Saket", "1990-01-01", "a long pass phrase", PASSWORD),
    *("admin@example.com", "doctor@example.com", "billing_clerk@example.com"),
    *("Routine checkup", "Z00.00", "Paracetamol", "500mg", "Bearer"),
)
"""Of the visit that the README tells."""


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Configures logs, as JSON at debug level, and gives what was written."""
    root = logging.getLogger()
    handlers, level, written = root.handlers[:], root.level, io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(LogSettings(format="json", level="debug"))
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    plain_logs()


def raised() -> Exception:
    try:
        try:
            raise KeyError(PRIVATE[1])
        except KeyError as error:
            raise IntegrityError("INSERT", {}, ValueError(f"Duplicate entry {PRIVATE[1]}")) from error
    except IntegrityError as error:
        return error


def test_an_error_is_told_by_its_kind_and_place_and_never_by_its_text(logged):
    log = structlog.get_logger()
    log.error("failed", exc_info=raised())
    log.error("failed", error=raised())
    try:
        raise raised()
    except IntegrityError:
        log.exception("failed")
        logging.getLogger("asyncio").error("Task exception\nfuture: <Huzaifa>", exc_info=True)
    lines = logged()
    assert "uzaifa" not in json.dumps(lines)
    assert [line["level"] for line in lines] == ["error"] * 4
    assert all("IntegrityError" in json.dumps(line) for line in lines)
    assert "test_logs.py" in lines[0]["exception"]
    assert "KeyError" in lines[0]["exception"]
    assert (lines[3]["event"], lines[3]["logger"]) == ("Task exception", "asyncio")


def test_of_libraries_only_warnings_are_told_at_every_level(logged):
    for name in ("aiosqlite", "aiokafka", "sqlalchemy.engine"):
        logging.getLogger(name).debug("executing INSERT ... ('Huzaifa')")
        logging.getLogger(name).info("INSERT ... ('Huzaifa')")
        logging.getLogger(name).warning("no connection")
    assert [line["event"] for line in logged()] == ["no connection"] * 3


def test_a_format_that_there_is_not_is_said_in_a_line(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOSPITAL_LOG_FORMAT", "xml")
    status, _, error = command("settings")
    assert (status, error.startswith("HOSPITAL_LOG_FORMAT"), len(error.splitlines())) == (78, True, 1)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("logs") / "data"
    with hospital_up(folder, HOSPITAL_LOG_FORMAT="json", HOSPITAL_LOG_LEVEL="debug") as running:
        yield running


def lines_of(running: Running) -> list[dict[str, Any]]:
    return [json.loads(line) for line in running.printed if line.startswith("{")]


def test_a_visit_leaves_nothing_personal_in_any_log_and_each_line_its_request(told: Running, command: Command):
    [folder] = [Path(line.split()[1].rstrip(",")) for line in told.printed if line.strip().startswith("Data")]
    admin_of(folder, command)
    doctor_in(told)
    reader = Reader(told)
    reader.answered("registerPatient")
    session = reader.answered("signIn")["session"]
    patient = f"Bearer {session['accessToken']}"
    visit = booked(reader, patient)
    patient_id = accepted(reader, visit)
    written_down(reader, patient_id, visit)
    paid(reader, patient, visit)
    refused(told, patient)
    hidden = (*PRIVATE, session["accessToken"], session["refreshToken"])
    text = "\n".join(json.dumps(line) for line in lines_of(told))
    assert [word for word in hidden if word in text] == []
    assert {line["event"] for line in lines_of(told)} >= {"request", "operation", "event.recorded", "message.handled"}
    assert followed(told)


def refused(told: Running, patient: str) -> None:
    """What goes wrong is logged as well, with what a client sent."""
    for body in (b"{", json.dumps({"query": '{ nothing(email: "huzaifa@example.com") }'}).encode()):
        headers = {"content-type": "application/json", "authorization": patient}
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(urllib.request.Request(f"{told.url}/graphql", body, headers))


def followed(told: Running) -> bool:
    """One request's id stands in the router's line, the subgraph's, the event's and its consumers'."""
    by_request: dict[str, set[str]] = {}
    for line in lines_of(told):
        by_request.setdefault(line.get("request_id", ""), set()).add(line["event"])
    by_request.pop("", None)
    whole = {"request", "operation", "event.recorded", "message.handled"}
    return sum(events >= whole for events in by_request.values()) >= 5
