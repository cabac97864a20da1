"""`hospital replay` over the databases of components."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import select

from hospital.components.building import House
from hospital.folder import DataFolder
from hospital.names import NAMES
from subgraphs.kernel.database import Database
from subgraphs.kernel.tables import OutboxRow
from tests.e2e.hospital import PASSWORD


@pytest.fixture
def published(house: House) -> DataFolder:
    """A hospital with one event of accounts, which a broker has."""
    folder = DataFolder(house.settings.data)

    async def work() -> None:
        accounts = house.domain("accounts")
        await accounts.service.create_admin("admin@example.com", PASSWORD)
        await accounts.base.database.transaction(_mark)
        await accounts.base.database.close()
        await house.session.aclose()

    with folder.opened():
        asyncio.run(work())
    return folder


async def _mark(session) -> None:
    await session.exec(update(OutboxRow).values(published_at=datetime.now(UTC)))


def waiting(folder: DataFolder) -> list[bool]:
    async def work() -> list[bool]:
        database = Database(folder.database_url("accounts"))
        async with database.reading() as session:
            rows = (await session.exec(select(OutboxRow.published_at))).all()
        await database.close()
        return [at is None for at in rows]

    return asyncio.run(work())


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


def test_the_events_of_the_span_wait_again(published: DataFolder, command):
    status, out, _ = command("replay", "--from", ago(hours=1), "--to", ago(minutes=30))
    assert (status, out.splitlines()[:-1]) == (0, [f"{name}: 0 events" for name in NAMES])
    assert waiting(published) == [False]
    status, out, _ = command("replay", "--from", ago(hours=1), "--domain", "accounts")
    assert (status, out.splitlines()[0]) == (0, "accounts: 1 event")
    assert waiting(published) == [True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", ago(days=15)), "--from reaches too far back: events are kept for 14 days"),
        (("--from", ago(hours=1), "--to", ago(hours=2)), "--from is not before --to"),
        (("--from", ago(hours=1), "--domain", "kitchen"), "--domain: there is no domain kitchen"),
    ],
)
def test_a_span_that_cannot_be_is_refused_and_nothing_waits(published: DataFolder, command, arguments, said):
    status, _, error = command("replay", *arguments)
    assert (status, len(error.splitlines()), error.startswith(said)) == (1, 1, True)
    assert waiting(published) == [False]


def test_how_far_back_is_a_setting(published: DataFolder, command, monkeypatch):
    monkeypatch.setenv("HOSPITAL_OUTBOX_KEPT_DAYS", "15")
    assert command("replay", "--from", ago(days=14.5), "--domain", "accounts")[0] == 0


@pytest.mark.parametrize("instant", ["2026-03-02T06:00:00", "yesterday"])
def test_an_instant_has_an_offset(published: DataFolder, command, instant):
    status, _, error = command("replay", "--from", instant)
    assert (status, "--from" in error) == (2, True)
    assert waiting(published) == [False]


def test_a_hospital_in_one_process_has_nothing_to_replay(command):
    status, _, error = command("replay", "--from", ago(hours=1))
    assert (status, len(error.splitlines())) == (1, 1)
    assert error.endswith("one process has nothing to replay, as its consumers read the outboxes themselves.\n")


@pytest.mark.parametrize("url", ["nonsense", "mysql+asyncmy://a:secret@b:c/d"])
def test_an_address_of_no_database_is_named_before_any_event_waits(published: DataFolder, command, monkeypatch, url):
    monkeypatch.setenv("HOSPITAL_AUDIT_DATABASE_URL", url)
    status, out, error = command("replay", "--from", ago(hours=1))
    assert (status, out, len(error.splitlines()), "secret" in error) == (1, "", 1, False)
    assert error.startswith("HOSPITAL_AUDIT_DATABASE_URL is no address such as ")
    assert waiting(published) == [False]
