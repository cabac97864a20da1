"""What the README says to paste and to type."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from typer import Context
from typer.main import get_command
from websockets.sync.client import connect

from hospital.command_line import app
from hospital.settings import every_setting
from tests.e2e.sockets import PROTOCOL
from tests.hospital.processes import Command, Running
from tests.hospital.test_up import PASSWORD, admin_of, doctor_in

README = (Path(__file__).parents[2] / "README.md").read_text()
OPERATIONS = re.findall(r"```graphql\n(.*?)```(?:(?:(?!```).)*```json\n(.*?)```)?", README, re.DOTALL)


STAFF = """mutation ($email: String!, $password: String!, $role: StaffRole!) {
  createStaffAccount(input: {email: $email, password: $password, role: $role}) { account { id } errors { code } } }"""


@dataclass
class Reader:
    """Somebody who pastes what the README says; `left` are the operations that were not pasted yet."""

    running: Running
    left: list[tuple[str, str]] = field(default_factory=lambda: list(OPERATIONS))

    def pasted(self, word: str, **fitting: Any) -> tuple[str, dict[str, Any]]:
        """The operation that holds the word, and its variables with values that fit."""
        ((document, variables),) = [found for found in self.left if word in found[0]]
        self.left.remove((document, variables))
        examples = json.loads(variables or "{}")
        assert examples.keys() == fitting.keys()
        return document, examples | fitting

    def answered(self, word: str, bearer: str | None = None, **fitting: Any) -> Any:
        """The payload, without errors."""
        document, variables = self.pasted(word, **fitting)
        (payload,) = self.running.ask(document, bearer, **variables).values()
        assert payload.get("errors", []) == []
        return payload

    def hired(self, role: str) -> str:
        """The bearer of a new member of staff."""
        admin = self.running.sign_in("admin@example.com", PASSWORD)
        login = {"email": f"{role.lower()}@example.com", "password": PASSWORD}
        made = self.running.ask(STAFF, admin, **login, role=role)["createStaffAccount"]
        assert made["errors"] == []
        return self.running.sign_in(**login)

    @contextmanager
    def watching(self, bearer: str) -> Iterator[Callable[[], Any]]:
        """Gives what reads the next change. The stream runs a moment after this, and nothing tells when."""
        document, _ = self.pasted("subscription")
        with connect(f"ws{self.running.url[4:]}/graphql", subprotocols=[PROTOCOL]) as socket:
            for message in (
                {"type": "connection_init", "payload": {"Authorization": bearer}},
                {"id": "1", "type": "subscribe", "payload": {"query": document}},
            ):
                socket.send(json.dumps(message))
            assert json.loads(socket.recv(10))["type"] == "connection_ack"
            yield lambda: json.loads(socket.recv(10))["payload"]["data"]["appointmentStatusChanged"]

    @contextmanager
    def streaming(self, bearer: str) -> Iterator[Callable[[], str]]:
        """The command that listens over HTTP. Gives what reads its next line."""
        ((accept, body),) = re.findall(r"^curl -N .* -H '(accept: .*?)'.*\n +--json '(.*)'$", README, re.MULTILINE)
        name, value = accept.split(": ")
        headers = {name: value, "authorization": bearer, "content-type": "application/json"}
        request = urllib.request.Request(f"{self.running.url}/graphql", body.encode(), headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            yield lambda: response.readline().decode()


def test_its_operations_tell_a_visit_one_after_another(running: Running, shared_folder: Path, command: Command):
    admin_of(shared_folder, command)
    doctor_in(running)
    reader = Reader(running)
    assert reader.answered("registerPatient")["patient"]["mrn"]
    session = reader.answered("signIn")["session"]
    patient = f"Bearer {session['accessToken']}"
    with reader.watching(patient) as heard, reader.streaming(patient) as line:
        visit = booked(reader, patient)
        patient_id = accepted(reader, visit)
        while (change := heard())["status"] != "ACCEPTED":
            assert change["status"] == "PENDING"
        while '"status":"ACCEPTED"' not in line():
            pass
    assert change["appointment"]["id"] == visit
    written_down(reader, patient_id, visit)
    paid(reader, patient, visit)
    assert command("verify-audit", "--data", str(shared_folder))[0] == 0
    events = reader.answered("auditEvents", reader.hired("AUDITOR"), patientId=patient_id)["nodes"]
    assert {(event["type"], event["actorRole"]) for event in events} >= {
        ("patient.registered", None),
        ("appointment.booked", "PATIENT"),
        ("appointment.accepted", "DOCTOR"),
        ("medical_record.created", "DOCTOR"),
        ("bill.created", "BILLING_CLERK"),
        ("bill.paid", "PATIENT"),
    }
    next_session = reader.answered("refreshSession", refreshToken=session["refreshToken"])["session"]
    assert refreshed(running, next_session["refreshToken"])["token_type"] == "Bearer"
    assert reader.left == []


def booked(reader: Reader, patient: str) -> str:
    days = [(datetime.now(UTC) + timedelta(days=day)).date().isoformat() for day in (1, 7)]
    (doctor,) = reader.answered("openSlots", **{"from": days[0], "to": days[1]})["nodes"]
    assert doctor["email"] == "doctor@example.com"
    slot = doctor["openSlots"][0]["start"]
    made = reader.answered("bookAppointment", patient, doctorId=doctor["id"], slot=slot)["appointment"]
    assert (made["slot"], made["status"]) == (slot, "PENDING")
    return str(made["id"])


def accepted(reader: Reader, visit: str) -> str:
    """The patient's id."""
    doctor = reader.running.sign_in("doctor@example.com", PASSWORD)
    made = reader.answered("acceptAppointment", doctor, id=visit)["appointment"]
    assert (made["status"], made["updatedAt"] > made["createdAt"]) == ("ACCEPTED", True)
    return str(made["patient"]["id"])


def written_down(reader: Reader, patient_id: str, visit: str) -> None:
    doctor = reader.running.sign_in("doctor@example.com", PASSWORD)
    record = reader.answered("createMedicalRecord", doctor, patientId=patient_id, appointmentId=visit)["medicalRecord"]
    assert date.fromisoformat(record["revisitingDate"]) - datetime.now(UTC).date() == timedelta(days=7)


def paid(reader: Reader, patient: str, visit: str) -> None:
    bill = reader.answered("createBill", reader.hired("BILLING_CLERK"), appointmentId=visit)["bill"]
    assert (bill["total"], bill["status"]) == ("1000.00", "PENDING")
    paid = reader.answered("payBill", patient, billId=bill["id"])
    assert (paid["payment"]["status"], paid["bill"]["status"]) == ("SUCCESS", "PAID")
    reader.running.newest_mail("Payment Status - SUCCESS")
    told = {mail["event"]: mail for mail in reader.answered("notifications", patient)["nodes"]}
    assert told.keys() == {"appointment.booked", "appointment.accepted", "bill.created", "payment.succeeded"}
    assert "Your payment of 1000.0 is successful!" in told["payment.succeeded"]["body"]


def refreshed(running: Running, token: str) -> Any:
    (line,) = re.findall(r"^curl (.*/oauth/token.*)$", README, re.MULTILINE)
    fields = dict(part.split("=") for part in re.findall(r"-d (\S+)", line))
    body = "&".join(f"{name}={value}" for name, value in (fields | {"refresh_token": token}).items()).encode()
    with urllib.request.urlopen(f"{running.url}/oauth/token", body) as response:
        return json.loads(response.read())


def test_it_lists_every_command_and_none_that_is_not():
    table = {match.split()[0] for match in re.findall(r"^\| `hospital ([^`]+)`", README, re.MULTILINE)}
    commands = get_command(app)
    context = Context(commands)
    assert table == set(commands.list_commands(context))
    assert all(commands.get_command(context, name).name == name for name in table)


def test_its_settings_are_settings():
    known = {setting.name for setting in every_setting()}
    named = set(re.findall(r"`(HOSPITAL_\w+[A-Z])`", README))
    assert len(named) > 5
    assert named <= known
