"""The commands of who runs a hospital, where its settings name databases on a server: no other hospital is made."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import select

from hospital.components.building import House
from hospital.names import MIGRATED_BY, NAMES
from hospital.settings import read_component_settings, read_settings
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.tables import OutboxRow
from tests.hospital.fhir.exports import write_whole
from tests.hospital.processes import Command
from tests.hospital.test_databases import asked
from tests.hospital.test_import_fhir import counts

ADMIN = ("create-admin", "--email", "a@example.com", "--password", "a long pass phrase")


@pytest.fixture
def urls(mysql_url: str, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, URL]]:
    """Of databases on a server, by domain, that the settings name and `hospital migrate` has filled with tables."""
    server, prefix = make_url(mysql_url), f"c{uuid4().hex[:6]}"
    named = {name: server.set(database=f"{prefix}_{name}") for name in NAMES}
    assert command("keys", str(tmp_path / "callers.json"))[0] == 0
    monkeypatch.setenv("HOSPITAL_CALLERS", str(tmp_path / "callers.json"))
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "a secret of these components")
    monkeypatch.setenv("HOSPITAL_DATA", str(tmp_path / "data"))
    for name, url in named.items():
        changed(server, f"CREATE DATABASE {url.database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        monkeypatch.setenv(f"HOSPITAL_{name.upper()}_DATABASE_URL", url.render_as_string(hide_password=False))
    assert command("migrate") == (0, "".join(f"{name}: at the newest revision\n" for name in MIGRATED_BY), "")
    yield named
    for url in named.values():
        changed(server, f"DROP DATABASE {url.database}")


def changed(url: URL, statement: str) -> None:
    asyncio.run(_changed(url, statement))


async def _changed(url: URL, statement: str) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.exec_driver_sql(statement)
    await engine.dispose()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    folder.mkdir()
    write_whole(folder)
    return folder


def number_in(url: URL, table: str) -> int:
    return int(asked(url, f"SELECT COUNT(*) FROM {table}")[0])  # noqa: S608


def made_in(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "data").iterdir() if path.suffix in {".db", ".jsonl"}}


def chained(sign: bool = True) -> None:
    """What stands in the outbox of accounts comes into the trail; then its head is signed."""

    async def work() -> None:
        house = House(read_settings()[0], read_component_settings())
        accounts, audit = house.domain("accounts"), house.domain("audit")
        async with accounts.base.database.reading() as session:
            bodies = (await session.exec(select(OutboxRow.body))).all()
        await audit.subscribers[0].receive([Envelope.from_json(body.encode()) for body in bodies])
        if sign:
            await audit.service.sign_head()
        await accounts.base.database.close()
        await audit.base.database.close()
        await house.session.aclose()

    asyncio.run(work())


def test_migrating_makes_the_tables_where_the_settings_name_them(urls: dict[str, URL], tmp_path: Path):
    assert all("outbox" in asked(url, "SHOW TABLES") for url in urls.values())
    assert made_in(tmp_path) == {"mailbox.db"}


def test_an_import_goes_into_the_databases_that_are_named(
    urls: dict[str, URL], export: Path, command: Command, tmp_path: Path
):
    status, out, error = command("import-fhir", str(export))
    assert (status, error) == (0, "")
    assert counts(out)["Encounter"] == [1, 1, 0, 0]
    assert counts(out)["MedicalRecord"] == [1, 1, 0, 0]
    found = {"patients": "patients", "doctors": "doctors", "appointments": "appointments", "records": "medical_records"}
    assert {name: number_in(urls[name], table) for name, table in found.items()} == dict.fromkeys(found, 1)
    assert number_in(urls["patients"], "outbox") == 1
    assert made_in(tmp_path) == {"mailbox.db"}
    assert counts(command("import-fhir", str(export))[1])["Encounter"] == [1, 0, 1, 0]
    assert number_in(urls["appointments"], "outbox") == 1


def test_an_import_into_a_folder_that_is_named_says_that_one_was_made(
    urls: dict[str, URL], export: Path, command: Command, tmp_path: Path
):
    status, _, error = command("import-fhir", str(export), "--data", str(tmp_path / "other"))
    assert (status, error) == (0, f"A new hospital was made in {tmp_path / 'other'}.\n")
    assert number_in(urls["patients"], "patients") == 0


def test_the_trail_of_components_is_checked_whole_and_against_the_heads(
    urls: dict[str, URL], command: Command, tmp_path: Path
):
    assert command(*ADMIN)[0] == 0
    chained()
    status, out, error = command("verify-audit")
    assert (status, error) == (0, "")
    assert out.startswith("1 event, 1 signed head (the last at event 1).\nThe trail is intact.")
    assert made_in(tmp_path) == {"mailbox.db", "audit-heads.jsonl"}
    changed(urls["audit"], "UPDATE audit_events SET type = 'account.disabled'")
    assert command("verify-audit")[0::2] == (1, "The chain is broken at event 1.\n")


def test_a_trail_without_the_file_of_its_heads_is_not_called_intact(urls: dict[str, URL], command: Command):
    assert command(*ADMIN)[0] == 0
    chained(sign=False)
    status, out, error = command("verify-audit")
    assert (status, out, error.count("\n")) == (1, "", 1)
    assert error.startswith("HOSPITAL_DATA: there is no ")


@pytest.mark.parametrize("arguments", [("verify-audit",), ("import-fhir",), ("migrate",), ADMIN])
def test_a_database_that_is_not_there_is_said_by_its_setting(
    urls: dict[str, URL], export: Path, command: Command, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
):
    for name in NAMES:
        monkeypatch.setenv(f"HOSPITAL_{name.upper()}_DATABASE_URL", f"mysql+asyncmy://nobody:secret@127.0.0.1:1/{name}")
    status, _, error = command(*arguments, *([str(export)] if arguments == ("import-fhir",) else []))
    assert (status, error.splitlines()[-1].startswith("HOSPITAL_"), "secret" in error) == (75, True, False)
    assert "DATABASE_URL: the database cannot be used" in error


@pytest.mark.parametrize("arguments", [("verify-audit",), ("dead-letters",), ADMIN, ("migrate",)])
def test_settings_of_components_that_are_not_whole_lead_to_no_folder(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...]
):
    monkeypatch.setenv("HOSPITAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HOSPITAL_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("HOSPITAL_PATIENTS_DATABASE_URL", "mysql+asyncmy://nobody:secret@127.0.0.1:1/none")
    status, _, error = command(*arguments)
    assert (status != 0, error.splitlines()[-1].startswith("HOSPITAL_")) == (True, True)
    assert not (tmp_path / "data").exists()
