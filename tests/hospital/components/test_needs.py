"""What a component says, in one line that names the setting, of what it needs and does not have."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import column, table, update
from sqlalchemy.exc import OperationalError

from hospital.components import needs, reaching
from hospital.components.building import House
from hospital.problems import CannotRun, NotThere
from subgraphs.kernel.database import Database
from workers.kafka.settings import KafkaSettings
from workers.kafka.topics import make_topics

FOREVER, FOR_NOW = CannotRun.status, NotThere.status


def refused(command, *arguments: str) -> tuple[int, str]:
    """The exit status, and the line."""
    status, _, error = command(*arguments)
    assert len(error.splitlines()) == 1, error
    return status, error


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("name", ["patients", "audit", "accounts"])
def test_a_database_that_was_not_migrated_is_named(listeners, command, monkeypatch, tmp_path: Path, name):
    setting = f"HOSPITAL_{name.upper()}_DATABASE_URL"
    monkeypatch.setenv(setting, f"sqlite+aiosqlite:///{tmp_path}/new.db")
    status, error = refused(command, "subgraph", name)
    assert (status, error.startswith(f"{setting}: "), "hospital databases" in error) == (FOR_NOW, True, True)


async def noted(house: House, owner: str, revision: str) -> None:
    """As the revision at which the tables of `owner` stand."""
    database = house.components.database("patients")
    version = update(table(f"alembic_version_{owner}", column("version_num"))).values(version_num=revision)
    await database.transaction(lambda session: session.exec(version))
    await database.close()


@pytest.mark.parametrize("owner", ["kernel", "patients"])
@pytest.mark.parametrize("arguments", [("subgraph", "patients"), ("worker", "copies")])
def test_tables_that_are_older_than_the_program_may_be_brought_up(house: House, command, owner, arguments):
    asyncio.run(noted(house, owner, "0001"))
    status, error = refused(command, *arguments)
    assert (status, error.startswith("HOSPITAL_PATIENTS_DATABASE_URL: ")) == (FOR_NOW, True)
    assert f"tables of {owner} are older" in error
    assert "hospital databases" in error


async def test_tables_of_a_newer_program_are_no_hindrance(house: House):
    for owner in ("kernel", "patients"):
        await noted(house, owner, "9999")
    database = house.components.database("patients")
    await needs.check_database("patients", database)
    await database.close()


@pytest.mark.parametrize("arguments", [("subgraph", "patients"), ("worker", "relay"), ("worker", "timers")])
def test_a_database_that_nobody_serves_may_heal(house, command, monkeypatch, nowhere, arguments):
    monkeypatch.setenv("HOSPITAL_PATIENTS_DATABASE_URL", f"mysql+asyncmy://patients:secret@{nowhere}/patients")
    status, error = refused(command, *arguments)
    assert (status, error.startswith("HOSPITAL_PATIENTS_DATABASE_URL: ")) == (FOR_NOW, True)
    assert "secret" not in error


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://a:secret@b/c", "oracle+nothing://a:secret@b/c", "mysql+asyncmy://a:secret@b:c/d"]
)
def test_an_address_of_no_database_never_heals(listeners, command, monkeypatch, url):
    monkeypatch.setenv("HOSPITAL_PATIENTS_DATABASE_URL", url)
    status, error = refused(command, "subgraph", "patients")
    assert (status, error.startswith("HOSPITAL_PATIENTS_DATABASE_URL ")) == (FOREVER, True)
    assert "secret" not in error


@pytest.mark.parametrize(
    ("code", "status"), [(1045, 1), (1044, 1), (1698, 1), (1049, FOR_NOW), (1146, FOR_NOW), (2003, FOR_NOW)]
)
def test_who_is_not_let_in_will_not_be_later(code: int, status: int):
    problem = needs.why_not("HOSPITAL_X_DATABASE_URL", OperationalError("", {}, Exception(code, "why")))
    assert (problem.status, str(problem).startswith("HOSPITAL_X_DATABASE_URL: ")) == (status, True)


def test_another_secret_than_the_hospitals_own_is_said_in_a_line(house, command, monkeypatch):
    async def sealed() -> None:
        accounts = house.domain("accounts")
        await accounts.service.rotate_keys()
        await accounts.base.database.close()

    asyncio.run(sealed())
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "another secret than before")
    status, error = refused(command, "subgraph", "accounts")
    assert (status, error.startswith("HOSPITAL_SECRET_KEY ")) == (FOREVER, True)


@pytest.mark.parametrize("name", ["relay", "copies", "audit-trail"])
def test_a_broker_that_does_not_answer_may_heal(house, command, monkeypatch, nowhere, name):
    monkeypatch.setenv("HOSPITAL_KAFKA", nowhere)
    status, error = refused(command, "worker", name)
    assert (status, error.startswith("HOSPITAL_KAFKA: "), nowhere in error) == (FOR_NOW, True, True)


def test_a_broker_that_takes_connections_and_closes_them_may_be_starting(house, command, monkeypatch):
    with closing_at_once() as address:
        monkeypatch.setenv("HOSPITAL_KAFKA", address)
        for security in ("PLAINTEXT", "SSL"):
            monkeypatch.setenv("HOSPITAL_KAFKA_SECURITY", security)
            status, error = refused(command, "worker", "relay")
            assert (status, error.startswith(f"HOSPITAL_KAFKA: {address} cannot be reached: ")) == (FOR_NOW, True)


@contextmanager
def closing_at_once() -> Iterator[str]:
    """Where each connection is taken and closed, as before a server that does not listen yet."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taking = threading.Thread(target=_take, args=(server,))
        taking.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        taking.join()


def _take(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            server.accept()[0].close()


@pytest.mark.parametrize("ordinal", ["", "a b", "x" * 33])
def test_an_ordinal_that_cannot_be_one_never_heals(house, command, ordinal):
    status, error = refused(command, "worker", "relay", "--ordinal", ordinal)
    assert (status, error.startswith(f"--ordinal {ordinal}: ")) == (FOREVER, True)


@pytest.mark.parametrize("spoilt", ["no JSON", "[]", '{"router": "key"}', '{"router": {"id": 7}}'])
def test_keys_that_are_none_are_not_written_over(command, tmp_path: Path, spoilt: str):
    file = tmp_path / "callers.json"
    file.write_text(spoilt)
    status, error = refused(command, "keys", str(file))
    assert (status, error.startswith(str(file)), file.read_text()) == (1, True, spoilt)


def test_an_address_of_no_broker_never_heals(house, command, monkeypatch):
    monkeypatch.setenv("HOSPITAL_KAFKA", "127.0.0.1:nine")
    status, error = refused(command, "worker", "relay")
    assert (status, error.startswith("HOSPITAL_KAFKA: ")) == (FOREVER, True)


def test_a_file_without_certificates_never_heals(house, command, monkeypatch, tmp_path: Path):
    (tmp_path / "ca.pem").write_text("nothing")
    monkeypatch.setenv("HOSPITAL_KAFKA_SECURITY", "SSL")
    monkeypatch.setenv("HOSPITAL_KAFKA_CA_FILE", str(tmp_path / "ca.pem"))
    status, error = refused(command, "worker", "relay")
    assert (status, error.startswith("HOSPITAL_KAFKA_CA_FILE: ")) == (FOREVER, True)


async def test_topics_that_are_missing_are_named_until_they_are_made(broker_address: str, monkeypatch):
    monkeypatch.setenv("HOSPITAL_KAFKA", broker_address)
    topic = f"hospital.{uuid4().hex[:8]}"
    with pytest.raises(NotThere, match=rf"HOSPITAL_KAFKA: .*{topic}.*`hospital topics`"):
        await reaching.reach_broker(KafkaSettings(), [topic])
    await make_topics(KafkaSettings(), [topic])
    await reaching.reach_broker(KafkaSettings(), [topic])


@pytest.mark.parametrize(
    ("words", "raised"), [("Transport does not expose socket instance", NotThere), ("odd", RuntimeError)]
)
async def test_a_database_that_hangs_up_at_once_may_heal(monkeypatch, words, raised):
    async def hung_up(*_: object) -> list[str]:
        raise RuntimeError(words)

    monkeypatch.setattr(needs, "behind", hung_up)
    with pytest.raises(raised):
        await needs.check_database("patients", Database("sqlite+aiosqlite://"))


@pytest.mark.parametrize("ring", ["no JSON", "{}", '{"router": {}}'])
@pytest.mark.parametrize("arguments", [("router",), ("subgraph", "patients")])
def test_keys_that_are_none_are_said_with_the_setting(listeners, command, monkeypatch, tmp_path: Path, ring, arguments):
    (tmp_path / "ring.json").write_text(ring)
    monkeypatch.setenv("HOSPITAL_CALLERS", str(tmp_path / "ring.json"))
    status, error = refused(command, *arguments)
    assert (status, error.startswith("HOSPITAL_CALLERS: ")) == (FOREVER, True)
