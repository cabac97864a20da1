"""What the README says to paste and to type."""

import json
import re
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer.main import get_command

from hospital.__main__ import app
from hospital.settings import every_setting, read_settings
from tests.hospital.processes import Command, Running
from tests.hospital.test_up import admin_of, doctor_in
from workers.email.settings import SmtpSettings
from workers.sms.settings import SmsSettings

README = (Path(__file__).parents[2] / "README.md").read_text()
OPERATIONS = re.findall(r"```graphql\n(.*?)```(?:(?:(?!```).)*```json\n(.*?)```)?", README, re.DOTALL)


def operation(word: str) -> tuple[str, dict[str, Any]]:
    """The one that holds the word, and its variables."""
    ((document, variables),) = [found for found in OPERATIONS if word in found[0]]
    return document, json.loads(variables or "{}")


def answered(running: Running, word: str, bearer: str | None = None, **fitting: Any) -> Any:
    """The payload, after the example variables were given values that fit the day."""
    document, variables = operation(word)
    assert variables.keys() == fitting.keys()
    (payload,) = running.ask(document, bearer, **(variables | fitting)).values()
    assert payload.get("errors", []) == []
    return payload


def test_its_operations_work_one_after_another(running: Running, shared_folder: Path, command: Command):
    admin_of(shared_folder, command)
    doctor_in(running)
    assert answered(running, "registerPatient")["patient"]["mrn"]
    session = answered(running, "signIn")["session"]
    bearer = f"Bearer {session['accessToken']}"
    days = [(datetime.now(UTC) + timedelta(days=day)).date().isoformat() for day in (1, 7)]
    (doctor,) = answered(running, "openSlots", bearer, **{"from": days[0], "to": days[1]})["nodes"]
    slot = doctor["openSlots"][0]["start"]
    booked = answered(running, "bookAppointment", bearer, doctorId=doctor["id"], slot=slot)
    assert booked["appointment"]["slot"] == slot
    next_session = answered(running, "refreshSession", refreshToken=session["refreshToken"])["session"]
    assert refreshed(running, next_session["refreshToken"])["token_type"] == "Bearer"


def refreshed(running: Running, token: str) -> Any:
    (line,) = re.findall(r"^curl (.*)$", README, re.MULTILINE)
    fields = dict(part.split("=") for part in re.findall(r"-d (\S+)", line))
    body = "&".join(f"{name}={value}" for name, value in (fields | {"refresh_token": token}).items()).encode()
    with urllib.request.urlopen(f"{running.url}/oauth/token", body) as response:
        return json.loads(response.read())


def test_it_lists_every_command_and_none_that_is_not():
    table = {match.split()[0] for match in re.findall(r"^\| `hospital ([^`]+)`", README, re.MULTILINE)}
    assert table == set(get_command(app).commands)  # type: ignore[attr-defined]


def test_its_settings_are_settings():
    known = {setting.name for setting in every_setting(*read_settings(), SmtpSettings(), SmsSettings())}
    named = set(re.findall(r"`(HOSPITAL_\w+[A-Z])`", README))
    assert len(named) > 5
    assert named <= known
