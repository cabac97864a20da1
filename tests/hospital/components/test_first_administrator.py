"""`hospital create-admin` where accounts is a component: in its database, and no folder is made."""

import sqlite3
from pathlib import Path

import pytest

from hospital.folder import DataFolder
from hospital.names import NAMES
from tests.hospital.processes import Command

GIVEN = ("--email", "admin@example.com", "--password", "a long pass phrase")


@pytest.fixture
def accounts(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database of accounts, which the settings name; all others are elsewhere."""
    made = DataFolder(tmp_path / "made")
    assert command("migrate", "--data", str(made.path))[0] == 0
    assert command("keys", str(tmp_path / "callers.json"))[0] == 0
    monkeypatch.setenv("HOSPITAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HOSPITAL_CALLERS", str(tmp_path / "callers.json"))
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "a secret of these components")
    monkeypatch.setenv("HOSPITAL_ACCOUNTS_DATABASE_URL", made.database_url("accounts"))
    return made.path / "accounts.db"


def admins_of(database: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT email, role FROM accounts").fetchall()


def test_it_is_made_in_the_database_that_is_named(accounts: Path, command: Command, tmp_path: Path):
    assert command("create-admin", *GIVEN) == (0, "admin@example.com can sign in as ADMIN.\n", "")
    assert admins_of(accounts) == [("admin@example.com", "ADMIN")]
    assert not (tmp_path / "data").exists()
    assert command("create-admin", *GIVEN)[0] == 1


def test_a_folder_that_is_named_comes_first(accounts: Path, command: Command, tmp_path: Path):
    assert command("create-admin", *GIVEN, "--data", str(tmp_path / "other"))[0] == 0
    assert admins_of(accounts) == []
    assert {f"{name}.db" for name in NAMES} <= {path.name for path in (tmp_path / "other").iterdir()}
