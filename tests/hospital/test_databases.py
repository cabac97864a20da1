"""`hospital databases` on a real server: what it makes, who reaches what, and what it says where it cannot."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError

from hospital.names import MIGRATED_BY, NAMES
from subgraphs.kernel.database import Database
from tests.hospital.processes import Command
from tests.services import mariadb
from tests.services.certificates import Authority

ODD = '100%\'s \\ "odd" :/?#@'


def asked(url: URL, statement: str, ca: Path | None = None) -> list[str]:
    """The first column of what a statement gives."""

    async def ask() -> list[str]:
        database = Database(url.render_as_string(hide_password=False), ca=ca)
        try:
            async with database.engine.connect() as connection:
                return [str(row[0]) for row in await connection.execute(text(statement))]
        finally:
            await database.close()

    return asyncio.run(ask())


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, URL]]:
    """Names a database and a user of its own for each domain on a server; gives their addresses."""
    prefix = f"d{uuid4().hex[:6]}"

    def name(admin: str, password: str = ODD) -> dict[str, URL]:
        monkeypatch.setenv("HOSPITAL_DATABASE_ADMIN_URL", admin)
        monkeypatch.setenv("HOSPITAL_DATA", str(tmp_path / "data"))
        urls = {}
        for domain in NAMES:
            own = f"{prefix}_{domain}"
            urls[domain] = make_url(admin).set(username=own[:32], password=password, database=own)
            monkeypatch.setenv(f"HOSPITAL_{domain.upper()}_DATABASE_URL", urls[domain].render_as_string(False))
        return urls

    return name


@pytest.fixture
def made(mysql_url: str, named: Callable[..., dict[str, URL]]) -> Iterator[dict[str, URL]]:
    urls = named(mysql_url)
    yield urls
    for url in urls.values():
        for statement in (f"DROP DATABASE IF EXISTS {url.database}", f"DROP USER IF EXISTS {url.username}@'%'"):
            asyncio.run(_as_admin(mysql_url, statement))


async def _as_admin(admin: str, statement: str) -> None:
    database = Database(admin)
    async with database.engine.connect() as connection:
        await connection.exec_driver_sql(statement.replace("%", "%%"))
    await database.close()


def test_each_domain_gets_a_database_that_no_other_can_reach(made: dict[str, URL], command: Command):
    for _ in range(2):
        status, said, error = command("databases")
        assert (status, error) == (0, "")
        assert said.splitlines() == [f"{name}: ready" for name in MIGRATED_BY]
    for name, url in made.items():
        assert "outbox" in asked(url, "SHOW TABLES")
        own = [found for found in asked(url, "SHOW DATABASES") if not found.endswith("_schema")]
        assert own == [url.database]
        other = made["audit" if name != "audit" else "billing"]
        with pytest.raises(DBAPIError, match="denied"):
            asked(url.set(database=other.database), "SHOW TABLES")
        with pytest.raises(DBAPIError, match="denied"):
            asked(url, f"SHOW COLUMNS FROM {other.database}.outbox")


def test_a_name_with_an_underscore_opens_no_other_database(made: dict[str, URL], mysql_url: str, command: Command):
    assert command("databases")[0] == 0
    own = made["patients"].database or ""
    alike = own.replace("_", "x")
    asyncio.run(_as_admin(mysql_url, f"CREATE DATABASE {alike}"))
    try:
        assert alike not in asked(made["patients"], "SHOW DATABASES")
    finally:
        asyncio.run(_as_admin(mysql_url, f"DROP DATABASE {alike}"))


def test_a_password_that_is_another_now_is_the_only_one_from_then_on(
    made: dict[str, URL], named: Callable[..., dict[str, URL]], mysql_url: str, command: Command
):
    assert command("databases")[0] == 0
    changed = named(mysql_url, "another one")
    assert command("databases")[0] == 0
    assert asked(changed["patients"], "SELECT 1") == ["1"]
    with pytest.raises(DBAPIError, match="denied"):
        asked(made["patients"], "SELECT 1")


def test_an_administrator_who_is_none_is_said_in_one_line(mysql_url: str, made, named, command: Command):
    named(make_url(mysql_url).set(username="nobody", password="wrong").render_as_string(False))
    status, said, error = command("databases")
    assert (status, said) == (1, "")
    assert error.startswith("HOSPITAL_DATABASE_ADMIN_URL: the database ")
    assert "Access denied" in error
    assert (error.count("\n"), "wrong" in error) == (1, False)


def test_a_server_that_is_not_there_is_said_in_one_line(made, named, command: Command):
    named("mysql+asyncmy://root:secret@127.0.0.1:1/")
    status, said, error = command("databases")
    assert (status, said, error.count("\n"), "secret" in error) == (75, "", 1, False)
    assert "HOSPITAL_DATABASE_ADMIN_URL" in error


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server that demands TLS, and the file of who vouches for it."""
    if not mariadb.can_run():
        pytest.skip(mariadb.MISSING)
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder, "authority")
    certificate, key = authority.certified()
    tls = ("--require-secure-transport=ON", f"--ssl-cert={certificate}", f"--ssl-key={key}")
    with mariadb.running(folder, *tls) as server:
        yield server.url(), authority.file


def test_over_tls_all_is_made_and_used(secured, named, command: Command, monkeypatch: pytest.MonkeyPatch):
    admin, ca = secured
    urls = named(admin)
    monkeypatch.setenv("HOSPITAL_DATABASE_CA", str(ca))
    assert command("databases")[0::2] == (0, "")
    assert "outbox" in asked(urls["patients"], "SHOW TABLES", ca)
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    status, said, error = command("replay", "--from", since, "--domain", "patients")
    assert (status, said.splitlines()[0], error) == (0, "patients: 0 events", "")


def test_a_server_that_demands_tls_is_not_spoken_to_without(secured, named, command: Command):
    named(secured[0])
    status, said, error = command("databases")
    assert (status, said, error.count("\n")) == (1, "", 1)
    assert "denied" in error or "transport" in error


def test_a_certificate_that_nobody_vouches_for_is_said_in_one_line(
    secured, named, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    named(secured[0])
    monkeypatch.setenv("HOSPITAL_DATABASE_CA", str(Authority(tmp_path, "somebody else").file))
    status, said, error = command("databases")
    assert (status, said, error.count("\n")) == (1, "", 1)
    assert error.startswith("HOSPITAL_DATABASE_ADMIN_URL: HOSPITAL_DATABASE_CA does not vouch for the server: ")


def test_a_password_that_cannot_be_sent_is_refused_in_one_line(mysql_url: str, named, command: Command):
    named(mysql_url, "पासवर्ड")
    status, said, error = command("databases")
    assert (status, said, error.count("\n"), "पासवर्ड" in error) == (1, "", 1, False)
    assert "ASCII" in error


@pytest.mark.parametrize("url", ["nonsense", "mysql://root:secret@host/", "mysql+asyncmy://root:secret@host:port/"])
@pytest.mark.parametrize("setting", ["HOSPITAL_DATABASE_ADMIN_URL", "HOSPITAL_PATIENTS_DATABASE_URL"])
def test_an_address_that_is_none_is_said_by_its_setting(
    named, command: Command, monkeypatch: pytest.MonkeyPatch, setting: str, url: str
):
    named("mysql+asyncmy://root@127.0.0.1:1/")
    monkeypatch.setenv(setting, url)
    status, said, error = command("databases")
    assert (status, said, error.count("\n"), "secret" in error) == (1, "", 1, False)
    assert error.startswith(f"{setting} is no address such as ")


@pytest.mark.parametrize("part", ["database", "username", "password"])
def test_an_address_that_lacks_something_is_said_by_its_setting(
    made: dict[str, URL], command: Command, monkeypatch: pytest.MonkeyPatch, part: str
):
    lacking = made["doctors"]._replace(**{part: None})
    monkeypatch.setenv("HOSPITAL_DOCTORS_DATABASE_URL", lacking.render_as_string(hide_password=False))
    status, said, error = command("databases")
    assert (status, said) == (1, "")
    assert error == f"HOSPITAL_DOCTORS_DATABASE_URL names no {part.replace('username', 'user')}: it needs one.\n"


@pytest.mark.parametrize("arguments", [("databases",), ("subgraph", "doctors")])
def test_two_domains_in_one_database_are_refused(named, command, monkeypatch, tmp_path, arguments):
    named("mysql+asyncmy://root:secret@127.0.0.1:1/")
    assert command("keys", str(tmp_path / "callers.json"))[0] == 0
    monkeypatch.setenv("HOSPITAL_CALLERS", str(tmp_path / "callers.json"))
    monkeypatch.setenv("HOSPITAL_DOCTORS_DATABASE_URL", "mysql+asyncmy://doctors:one@db/people")
    monkeypatch.setenv("HOSPITAL_PATIENTS_DATABASE_URL", "mysql+asyncmy://patients:two@db:3306/people")
    _, _, error = command(*arguments)
    assert error.endswith("name one database: each domain has one of its own.\n")
    assert "HOSPITAL_DOCTORS_DATABASE_URL" in error


@pytest.mark.parametrize("arguments", [("subgraph", "patients"), ("worker", "relay")])
def test_a_component_with_a_wrong_password_says_which_setting_it_is(
    made: dict[str, URL], command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments
):
    assert command("databases")[0] == command("keys", str(tmp_path / "callers.json"))[0] == 0
    monkeypatch.setenv("HOSPITAL_CALLERS", str(tmp_path / "callers.json"))
    wrong = made["patients"].set(password="mistyped")
    monkeypatch.setenv("HOSPITAL_PATIENTS_DATABASE_URL", wrong.render_as_string(False))
    status, said, error = command(*arguments)
    assert (status, said, error.count("\n"), "mistyped" in error) == (78, "", 1, False)
    assert error.startswith("HOSPITAL_PATIENTS_DATABASE_URL: the database lets nobody in with this user and password: ")


def test_a_file_of_keys_that_is_not_there_is_said_with_what_makes_it(command: Command, monkeypatch, tmp_path: Path):
    monkeypatch.setenv("HOSPITAL_CALLERS", str(tmp_path / "callers.json"))
    status, _, told = command("databases")
    assert status == 1
    assert "HOSPITAL_CALLERS: there is no such file." in told
    assert "`hospital keys` makes it" in told
