"""`hospital up` as a process: it opens, does real work, and loses nothing however it ends."""

import json
import os
import signal
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hospital.commands.up import Options
from tests.hospital.processes import Command, Running, hospital_up

PASSWORD = "a long pass phrase"
MEMORY_MB = 300

SIGN_UP = """mutation ($email: String!, $password: String!) {
  registerPatient(input: {name: "Huzaifa", dob: "1990-01-01", email: $email, password: $password}) {
    patient { id } errors { code } } }"""
REGISTER = """mutation { registerPatient(input: {name: "N", dob: "1990-01-01", email: "n@example.com"}) {
  patient { id } errors { code } } }"""
INVITE = "mutation ($id: ID!) { inviteAccount(input: {patientId: $id}) { errors { code } } }"
DEPARTMENT = 'mutation { createDepartment(input: {name: "Medicine"}) { department { id } errors { code } } }'
DOCTOR = """mutation ($input: RegisterDoctorInput!) {
  registerDoctor(input: $input) { doctor { id } errors { code message } } }"""
SLOTS = "query ($id: ID!, $a: Date!, $b: Date!) { doctor(id: $id) { openSlots(from: $a, to: $b) { start } } }"
BOOK = """mutation ($doctor: ID!, $slot: DateTime!, $key: String) {
  bookAppointment(input: {doctorId: $doctor, slot: $slot, idempotencyKey: $key}) {
    appointment { id status } errors { code } } }"""
ACCEPT = "mutation ($id: ID!) { acceptAppointment(input: {id: $id}) { appointment { status } errors { code } } }"
MINE = "{ viewer { patient { appointments(first: 100) { totalCount } } } }"
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def admin_of(folder: Path, command: Command) -> None:
    given = ("--email", "admin@example.com", "--password", PASSWORD, "--data", str(folder))
    assert command("create-admin", *given)[:2] == (0, "admin@example.com can sign in as ADMIN.\n")


def doctor_in(running: Running) -> str:
    """A doctor who works every day, with the login doctor@example.com."""
    admin = running.sign_in("admin@example.com", PASSWORD)
    department = running.ask(DEPARTMENT, admin)["createDepartment"]["department"]["id"]
    hours = [{"day": day, "startTime": "09:00", "endTime": "17:00"} for day in DAYS]
    given = {"name": "Dr. Huzaifa", "email": "doctor@example.com", "password": PASSWORD, "specialty": "Cardiology"}
    given |= {"departmentId": department, "availability": hours, "timeZone": "UTC"}
    made = running.ask(DOCTOR, admin, input=given)["registerDoctor"]
    assert made["errors"] == []
    return str(made["doctor"]["id"])


def slots_of(running: Running, doctor: str) -> list[str]:
    first = datetime.now(UTC).date() + timedelta(days=1)
    found = running.ask(SLOTS, id=doctor, a=str(first), b=str(first + timedelta(days=9)))
    return [slot["start"] for slot in found["doctor"]["openSlots"]]


def sign_up(running: Running, email: str) -> Any:
    return running.ask(SIGN_UP, email=email, password=PASSWORD)["registerPatient"]


def book(running: Running, patient: str, doctor: str, slot: str) -> Any:
    """The slot is the idempotency key, too."""
    return running.ask(BOOK, patient, doctor=doctor, slot=slot, key=slot)["bookAppointment"]


def memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024


def test_a_kill_and_a_stop_lose_nothing_that_was_answered(tmp_path: Path, command: Command):
    folder, answered = tmp_path / "data", {}
    admin_of(folder, command)

    def book_until_it_dies() -> None:
        for slot in slots[:80]:
            try:
                answered[slot] = book(running, patient, doctor, slot)["appointment"]["id"]
            except OSError:
                return

    with hospital_up(folder) as running:
        doctor = doctor_in(running)
        slots = slots_of(running, doctor)
        assert sign_up(running, "huzaifa@example.com")["errors"] == []
        patient = running.sign_in("huzaifa@example.com", PASSWORD)
        booking = threading.Thread(target=book_until_it_dies)
        booking.start()
        while len(answered) < 10:
            time.sleep(0.01)
        assert running.stop(signal.SIGKILL) == -signal.SIGKILL
        booking.join()
        assert len(answered) < 80

    with hospital_up(folder) as running:
        patient = running.sign_in("huzaifa@example.com", PASSWORD)
        repeated = {slot: book(running, patient, doctor, slot)["appointment"]["id"] for slot in answered}
        assert repeated == answered
        mine = running.ask(MINE, patient)["viewer"]["patient"]["appointments"]["totalCount"]
        assert mine in {len(answered), len(answered) + 1}  # one may have been in hand
        doctor_login = running.sign_in("doctor@example.com", PASSWORD)
        accepted = running.ask(ACCEPT, doctor_login, id=next(iter(answered.values())))["acceptAppointment"]
        assert accepted == {"appointment": {"status": "ACCEPTED"}, "errors": []}
        in_hand: list[Any] = []
        asking = threading.Thread(target=lambda: in_hand.append(sign_up(running, "late@example.com")))
        asking.start()
        time.sleep(0.01)
        assert running.stop() == 0
        asking.join()
        assert in_hand[0]["errors"] == []
    assert running.printed[-1] == "The hospital is closed."
    status, out, error = command("verify-audit", "--data", str(folder))
    assert (status, error) == (0, "")
    events = out.split()[0]
    assert f"(the last at event {events})" in out
    assert "The trail is intact." in out


def test_it_is_ready_soon_and_small(tmp_path: Path):
    """Five seconds on an idle machine; this one may be busy with other tests."""
    started = time.monotonic()
    with hospital_up(tmp_path / "data", alone=True) as running:
        assert running.get("/readyz")[0] == 200
        assert time.monotonic() - started < 5 * max(1.0, os.getloadavg()[0])
        assert memory_mb(running.process.pid) < MEMORY_MB


def test_a_folder_has_one_hospital(running: Running, shared_folder: Path, command: Command):
    sentence = f"The hospital in {shared_folder} is in use by process {running.process.pid}"
    for name in (("up", "--port", "0"), ("migrate",)):
        status, _, error = command(*name, "--data", str(shared_folder))
        assert (status, error) == (1, f"{sentence}: stop that first, or wait for it.\n")


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path, command: Command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, _, error = command("up", "--data", str(tmp_path / "data"), "--port", port)
    assert status == 1
    assert error == f"Port {port} of 127.0.0.1 cannot be taken (Address already in use): choose another with --port.\n"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "300.1.1.1", "a..b"])
def test_an_address_of_another_machine_is_said_in_one_line(tmp_path: Path, command: Command, host: str):
    status, _, error = command("up", "--data", str(tmp_path / "data"), "--port", "0", "--host", host)
    assert (status, error) == (1, f"{host} is no address of this machine: choose another with --host.\n")


def test_what_it_writes_is_for_its_owner_alone(running: Running, shared_folder: Path):
    modes = {path.name: path.stat().st_mode & 0o777 for path in shared_folder.iterdir()}
    assert shared_folder.stat().st_mode & 0o777 == 0o700
    assert {"secret-key", "lock", "control.sock", "accounts.db", "mailbox.db"} <= modes.keys()
    assert set(modes.values()) == {0o600}


def test_the_mailbox_is_off_on_other_hosts_unless_it_is_asked_for():
    def shows(host: str, mailbox: bool) -> bool:
        return Options(host, demo=False, demo_password=None, mailbox=mailbox).shows_mailbox

    assert shows("127.0.0.1", False)
    assert shows("0.0.0.0", True)
    assert not shows("0.0.0.0", False)
    assert not shows("192.0.2.1", False)


def test_on_another_host_nothing_is_at_the_mailboxs_path(tmp_path: Path):
    with hospital_up(tmp_path / "data", "--host", "0.0.0.0") as running:
        status, _ = running.get("/dev/mailbox", accept="application/json")
        assert status == 404
        assert not any("Mailbox" in line for line in running.printed)


def test_the_invitation_is_in_the_mailbox_and_leads_here(running: Running, shared_folder: Path, command: Command):
    admin_of(shared_folder, command)
    admin = running.sign_in("admin@example.com", PASSWORD)
    patient = running.ask(REGISTER, admin)["registerPatient"]["patient"]["id"]
    assert running.ask(INVITE, admin, id=patient)["inviteAccount"]["errors"] == []
    mail = running.newest_mail("Your login at the hospital")
    assert mail.keys() == {"id", "to", "subject", "text", "html", "messageId", "at"}
    assert mail["to"] == "n@example.com"
    assert f"{running.url}" in mail["text"]
    assert "#token=" in mail["text"]


def test_the_keys_and_the_discovery_document_are_on_the_public_port(running: Running):
    discovery = json.loads(running.get("/.well-known/openid-configuration")[1])
    assert discovery["issuer"] == running.url
    keys = json.loads(running.get(discovery["jwks_uri"].removeprefix(running.url))[1])["keys"]
    assert [key["kty"] for key in keys] == ["EC"]
