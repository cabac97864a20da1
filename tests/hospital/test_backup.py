"""A hospital that is put back from a backup, as docs/operations.md says."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.hospital.processes import Command, Running, hospital_up
from tests.hospital.test_up import BOOK, MINE, PASSWORD, SIGN_UP, admin_of, doctor_in, slots_of


def booked_by(running: Running, email: str, doctor: str) -> None:
    """Somebody new signs up and books."""
    assert running.ask(SIGN_UP, email=email, password=PASSWORD)["registerPatient"]["errors"] == []
    bearer = running.sign_in(email, PASSWORD)
    booked = running.ask(BOOK, bearer, doctor=doctor, slot=slots_of(running, doctor)[0])["bookAppointment"]
    assert booked["errors"] == []


def appointments_of(running: Running, email: str) -> int:
    bearer = running.sign_in(email, PASSWORD)
    return int(running.ask(MINE, bearer)["viewer"]["patient"]["appointments"]["totalCount"])


def is_known(running: Running, email: str) -> bool:
    document = f'mutation {{ signIn(input: {{email: "{email}", password: "{PASSWORD}"}}) {{ errors {{ code }} }} }}'
    return bool(running.ask(document)["signIn"]["errors"] == [])


@pytest.mark.parametrize("is_open", [False, True], ids=["a copy of a closed one", "a snapshot of an open one"])
def test_what_was_saved_is_there_and_what_came_later_is_not(tmp_path: Path, command: Command, is_open: bool):
    folder, saved = tmp_path / "data", tmp_path / "saved"
    with hospital_up(folder) as running:
        admin_of(folder, command)
        doctor = doctor_in(running)
        booked_by(running, "before@example.com", doctor)
        if is_open:  # no file changes while it is held: as a snapshot of the file system sees it
            running.process.send_signal(signal.SIGSTOP)
            shutil.copytree(folder, saved, ignore=shutil.ignore_patterns("*.sock"))
            running.process.send_signal(signal.SIGCONT)
            booked_by(running, "after@example.com", doctor)
    if not is_open:
        shutil.copytree(folder, saved)
        with hospital_up(folder) as running:
            booked_by(running, "after@example.com", doctor)
    shutil.rmtree(folder)
    shutil.copytree(saved, folder)
    assert command("verify-audit", "--data", str(folder))[0] == 0
    with hospital_up(folder) as running:
        assert appointments_of(running, "before@example.com") == 1
        assert not is_known(running, "after@example.com")
        booked_by(running, "later@example.com", doctor)
    assert command("verify-audit", "--data", str(folder))[0] == 0
