"""The small commands, on a hospital that is closed and through one that is open."""

import asyncio
import os
import socket
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from hospital.folder import DataFolder
from hospital.names import MIGRATED_BY
from hospital.runtime import Runtime, open_runtime
from hospital.settings import shown
from subgraphs.kernel.settings import Settings
from subgraphs.kernel.tables import DeadLetterRow, OutboxRow
from tests.hospital.processes import Command, Running

PASSWORD = "a long pass phrase"


def bury(folder: Path) -> str:
    """A dead letter of the audit trail, whose message is a good one; gives its id."""

    async def work() -> str:
        data = DataFolder(folder)
        with data.opened():
            async with open_runtime(data, Settings(data=folder)) as runtime:
                await runtime.domains.accounts.service.create_admin("b@example.com", PASSWORD)
                return await _bury_the_first(runtime)

    return asyncio.run(work())


async def _bury_the_first(runtime: Runtime) -> str:
    accounts, audit = runtime.domains.accounts.base.database, runtime.domains.audit.base.database
    async with accounts.reading() as session:
        event = await session.get(OutboxRow, 1)
    assert event is not None
    letter = DeadLetterRow(
        id="letter-1",
        consumer="audit.trail",
        topic="hospital.accounts",
        body=event.body.replace(event.event_id, "01a20602-0000-7000-8000-000000000000"),
        error="ValueError: not\nso",
        failed_at=datetime(2026, 3, 2, 6, 0, tzinfo=UTC),
    )

    async def work(session: object) -> None:
        session.add(letter)  # type: ignore[attr-defined]

    await audit.transaction(work)
    return "letter-1"


def test_an_administrator_is_made_once(tmp_path: Path, command: Command):
    arguments = ("create-admin", "--email", "A@Example.com", "--data", str(tmp_path / "data"))
    made = f"A new hospital was made in {tmp_path / 'data'}.\n"
    assert command(*arguments, "--password", PASSWORD) == (0, "a@example.com can sign in as ADMIN.\n", made)
    trail = command("verify-audit", "--data", str(tmp_path / "data"))[1]
    assert trail.startswith("1 event, 1 signed head (the last at event 1).")
    status, _, error = command(*arguments, "--password", PASSWORD)
    assert (status, error) == (1, "There is a login for this e-mail already.\n")
    status, _, error = command(*arguments, "--password", "short")
    assert (status, len(error.splitlines())) == (1, 1)


def test_an_administrator_is_made_in_an_open_hospital_as_well(running: Running, shared_folder: Path, command: Command):
    arguments = ("create-admin", "--email", "a@example.com", "--password", PASSWORD, "--data", str(shared_folder))
    assert command(*arguments)[0] == 0
    assert running.sign_in("a@example.com", PASSWORD)
    assert command(*arguments) == (1, "", "There is a login for this e-mail already.\n")


def test_an_open_hospital_lists_dead_letters_and_checks_its_trail(
    running: Running, shared_folder: Path, command: Command
):
    assert command("dead-letters", "--data", str(shared_folder)) == (0, "0 dead letters.\n", "")
    status, _, error = command("dead-letters", "retry", "x", "--data", str(shared_folder))
    assert (status, error) == (1, "Not handled: there is no dead letter x.\n")
    status, _, error = command("dead-letters", "discard", "x", "--data", str(shared_folder))
    assert (status, error) == (1, "Not discarded: there is no dead letter x.\n")
    status, out, error = command("verify-audit", "--data", str(shared_folder))
    assert (status, error) == (0, "")
    assert "The trail is intact." in out


def test_dead_letters_are_listed_and_retried(tmp_path: Path, command: Command):
    folder = tmp_path / "data"
    id = bury(folder)
    status, out, _ = command("dead-letters", "list", "--data", str(folder))
    assert status == 0
    first, error, body, total = out.splitlines()
    assert first == f"{id}  2026-03-02T06:00:00Z  audit.trail of hospital.accounts"
    assert (error, total) == ("  ValueError: not so", "1 dead letter.")
    assert "account.created" in body
    assert command("dead-letters", "retry", id, "--data", str(folder))[:2] == (
        0,
        "audit.trail has handled it.\n",
    )
    assert command("dead-letters", "--data", str(folder))[1] == "0 dead letters.\n"
    assert command("verify-audit", "--data", str(folder))[1].startswith("2 events, 2 signed heads (the last at event 2")


def test_a_dead_letter_is_discarded(tmp_path: Path, command: Command):
    folder = tmp_path / "data"
    id = bury(folder)
    status, out, error = command("dead-letters", "discard", id, "--data", str(folder))
    assert (status, "account.created" in out, "dead_letter.discarded" in error) == (0, True, True)
    assert command("dead-letters", "--data", str(folder))[1] == "0 dead letters.\n"


def test_a_trail_that_was_tampered_with_is_found_out(tmp_path: Path, command: Command):
    folder = tmp_path / "data"
    bury(folder)
    data = DataFolder(folder)

    async def tamper() -> None:
        with data.opened():
            async with open_runtime(data, Settings(data=folder)) as runtime:
                await runtime.delivery.settled()
                async with runtime.domains.audit.base.database.engine.begin() as connection:
                    await connection.exec_driver_sql("UPDATE audit_events SET type = 'account.disabled'")

    asyncio.run(tamper())
    status, _, error = command("verify-audit", "--data", str(folder))
    assert (status, error) == (1, "The chain is broken at event 1.\n")


def test_where_there_is_no_hospital_none_is_made_to_look_at(tmp_path: Path, command: Command):
    for name in ("dead-letters", "verify-audit"):
        status, _, error = command(name, "--data", str(tmp_path / "data"))
        assert (status, error) == (
            1,
            f"There is no hospital in {tmp_path / 'data'}. Another folder is named with --data.\n",
        )
    assert not (tmp_path / "data").exists()


def test_the_databases_are_migrated(tmp_path: Path, command: Command):
    status, out, _ = command("migrate", "--data", str(tmp_path / "data"))
    assert (status, out.count("mailbox")) == (0, 1)
    assert out == "".join(f"{name}: at the newest revision\n" for name in MIGRATED_BY)


def test_settings_are_shown_with_their_sources_and_no_secrets(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "very secret indeed")
    monkeypatch.setenv("HOSPITAL_TIME_ZONE", "Asia/Kolkata")
    monkeypatch.setenv("HOSPITAL_ROUTER_LIMITS__DEPTH", "12")
    monkeypatch.setenv("HOSPITAL_ROUTER_SUBGRAPH_URLS", '{"patients": "http://user:hidden@example.org/graphql"}')
    monkeypatch.setenv("HOSPITAL_TIMEZONE", "UTC")
    status, out, error = command("settings")
    shown = {line.split()[0]: line.split()[1:3] for line in out.splitlines()}
    assert status == 0
    assert shown["HOSPITAL_SECRET_KEY"] == ["********", "environment"]
    assert shown["HOSPITAL_TIME_ZONE"] == ["Asia/Kolkata", "environment"]
    assert shown["HOSPITAL_ROUTER_LIMITS__DEPTH"] == ["12", "environment"]
    assert shown["HOSPITAL_ROUTER_LIMITS__ALIASES"][1] == "default"
    assert shown["HOSPITAL_ROUTER_SUBGRAPH_URLS"] == [
        "patients=http://user:********@example.org/graphql",
        "environment",
    ]
    assert "very secret" not in out
    assert "hidden" not in out
    assert error == "HOSPITAL_TIMEZONE is set in the environment, and is none of the hospital's settings.\n"


def test_a_wrong_setting_is_named_in_one_line(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOSPITAL_TIME_ZONE", "Mars")
    for name in ("settings", "migrate", "up"):
        status, _, error = command(name)
        assert (status, error) == (
            1,
            "HOSPITAL_TIME_ZONE: 'Mars' is not an IANA time zone, such as Asia/Kolkata\n",
        )
    monkeypatch.delenv("HOSPITAL_TIME_ZONE")
    monkeypatch.setenv("HOSPITAL_ROUTER_LIMITS__DEPTH", "deep")
    assert command("settings")[2].startswith("HOSPITAL_ROUTER_LIMITS__DEPTH: ")
    monkeypatch.setenv("HOSPITAL_ROUTER_SUBGRAPH_URLS", "not json")
    assert command("settings")[2] == "HOSPITAL_ROUTER_SUBGRAPH_URLS: this is not JSON\n"


@pytest.mark.parametrize("name", ["settings", "migrate", "up"])
def test_a_secret_that_is_too_short_is_refused_everywhere(name: str, command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "fifteen letters")
    assert command(name)[::2] == (1, "HOSPITAL_SECRET_KEY: it has 16 characters at least\n")


def test_what_twilio_lacks_is_named(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOSPITAL_SMS_PROVIDER", "twilio")
    monkeypatch.setenv("HOSPITAL_SMS_TOKEN", "secret")
    lacking = [f"HOSPITAL_SMS_{name}: twilio sends nothing without it\n" for name in ("ACCOUNT", "SENDER")]
    assert command("settings")[::2] == (1, "".join(lacking))


def test_a_misspelt_setting_is_said_where_the_hospital_is_opened(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOSPITAL_TIMEZONE", "UTC")
    warned = "HOSPITAL_TIMEZONE is set in the environment, and is none of the hospital's settings.\n"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        status, _, error = command("up", "--data", str(tmp_path / "data"), "--port", port)
    assert (status, error.startswith(warned), error.count("HOSPITAL_TIMEZONE")) == (1, True, 1)


@pytest.mark.parametrize(
    "url", ["hospital.example", "ftp://hospital.example", "https://", "https://h.example/?a", "http://[::"]
)
def test_an_address_that_links_cannot_begin_with_is_refused(
    url: str, command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOSPITAL_PUBLIC_URL", url)
    status, _, error = command("settings")
    assert (status, error.startswith("HOSPITAL_PUBLIC_URL: "), len(error.splitlines())) == (1, True, 1)


def test_an_empty_variable_is_not_set_and_an_address_ends_without_a_slash(
    command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOSPITAL_TIME_ZONE", "")
    monkeypatch.setenv("HOSPITAL_PUBLIC_URL", "https://hospital.example/")
    shown = {line.split()[0]: line.split()[1:3] for line in command("settings")[1].splitlines()}
    assert shown["HOSPITAL_TIME_ZONE"] == ["UTC", "default"]
    assert shown["HOSPITAL_PUBLIC_URL"] == ["https://hospital.example", "environment"]


def test_what_a_setting_is_for_stands_beside_it(command: Command):
    described = {line.split()[0]: line.split("default", 1)[1].strip() for line in command("settings")[1].splitlines()}
    assert described["HOSPITAL_TIME_ZONE"] == Settings.model_fields["time_zone"].description
    assert all(described[f"HOSPITAL_{name.upper()}"] for name in Settings.model_fields)


def test_secrets_in_addresses_are_masked():
    assert shown("https://name:word@h.example/x") == "https://name:********@h.example/x"
    assert shown(("https://word@h.example", SecretStr("word"))) == "https://********@h.example, ********"
    assert shown("https://h.example/@x") == "https://h.example/@x"


def test_what_is_wrong_with_a_folder_is_said_in_one_line(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
):
    data = ("--data", str(tmp_path))
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "short")
    assert command("verify-audit", *data)[2].startswith("There is no hospital in")
    create = ("create-admin", "--email", "a@example.com", "--password", PASSWORD, *data)
    assert command(*create)[::2] == (1, "HOSPITAL_SECRET_KEY: it has 16 characters at least\n")
    monkeypatch.delenv("HOSPITAL_SECRET_KEY")
    assert command("migrate", *data)[0] == 0
    advice = "Put the whole folder back from a backup."
    (tmp_path / "secret-key").write_text("short\n")
    assert command(*create)[::2] == (1, f"{tmp_path / 'secret-key'} was cut short. {advice}\n")
    with sqlite3.connect(tmp_path / "patients.db") as connection:
        connection.execute("UPDATE alembic_version_patients SET version_num = '9999'")
    status, _, error = command("migrate", *data)
    patients = tmp_path / "patients.db"
    assert (status, error) == (1, f"{patients} cannot be migrated: Can't locate revision identified by '9999'.\n")
    patients.write_bytes(b"no database at all, for certain")
    assert command("migrate", *data)[::2] == (1, f"{patients} cannot be used: file is not a database. {advice}\n")
    patients.unlink()
    patients.mkdir()
    assert command("migrate", *data)[::2] == (1, f"{patients} cannot be used: unable to open database file.\n")
    lock = tmp_path / "lock"
    lock.unlink()
    lock.mkdir()
    assert command("migrate", *data)[::2] == (1, f"{lock}: Is a directory.\n")
    assert command("migrate", "--data", str(tmp_path / "accounts.db"))[::2] == (
        1,
        f"{tmp_path / 'accounts.db'} is no folder: name another with --data.\n",
    )
    status, _, error = command("migrate", "--data", "")
    assert (status, "name a folder, such as ./data" in error) == (2, True)


def test_keys_that_cannot_be_written_are_said_by_their_name(tmp_path: Path, command: Command):
    callers = tmp_path / "none" / "callers.json"
    said = f"{callers} cannot be written (No such file or directory).\n"
    assert command("keys", str(callers)) == (1, "", said)


def test_what_cannot_be_done_makes_no_hospital(tmp_path: Path, command: Command):
    data = ("--data", str(tmp_path / "data"))
    for arguments in (
        ("create-admin", "--email", "nobody", "--password", PASSWORD),
        ("create-admin", "--email", "a@example.com", "--password", "short"),
        ("import-fhir", str(tmp_path / "nothing")),
        ("import-fhir", str(tmp_path)),
        ("up", "--demo-password", PASSWORD),
        ("up", "--demo", "--demo-password", "short"),
    ):
        status, out, error = command(*arguments, *data)
        assert (status, out, len(error.splitlines())) == (1, "", 1)
    assert not (tmp_path / "data").exists()


def test_the_data_folder_comes_from_the_environment_too(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOSPITAL_DATA", str(tmp_path / "there"))
    assert command("migrate")[0] == 0
    assert (tmp_path / "there" / "accounts.db").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path, command: Command):
    tmp_path.chmod(0o500)
    status, _, error = command("migrate", "--data", str(tmp_path / "data"))
    assert (status, len(error.splitlines())) == (1, 1)
