"""The mailbox: what would have been sent, kept, and shown without doing what it says."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hospital.mailbox.durable import DurableMailbox
from hospital.mailbox.page import SHOWN, MailboxPage, switched_off
from hospital.mailbox.tables import METADATA
from subgraphs.kernel.database import Database
from subgraphs.kernel.mail import Mail, Sms
from subgraphs.kernel.migrate import differences, upgrade
from tests.hospital.asgi import get
from workers.sms.console import ConsoleSms

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def mail(number: int = 1, **given: str) -> Mail:
    known = {"to": "n@example.com", "subject": f"Mail {number}", "text": "Hello", "html": "<p>Hello</p>"}
    message_id = f"<{number}@hospital.example>"
    return Mail(**(known | given), id=f"m{number}", message_id=message_id, at=AT + timedelta(minutes=number))


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{tmp_path / 'mailbox'}.db")


@pytest.fixture
async def mailbox(database: Database) -> AsyncIterator[DurableMailbox]:
    await upgrade(database, "hospital.mailbox")
    opened = DurableMailbox(database)
    yield opened
    await opened.close()


async def test_a_migrated_database_equals_the_tables(mailbox: DurableMailbox, database: Database):
    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences, "hospital.mailbox") == []


async def test_a_mailbox_from_before_its_first_revision_keeps_its_mails(database: Database):
    mailbox = DurableMailbox(database)
    async with database.engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await mailbox.put(mail(1))
    await upgrade(database, "hospital.mailbox")
    assert await mailbox.count() == 1
    await mailbox.close()


async def test_a_mail_is_kept_once(mailbox: DurableMailbox, tmp_path: Path):
    await mailbox.put(mail(1))
    await mailbox.put(mail(1, subject="Another"))
    await mailbox.close()
    again = DurableMailbox(Database(f"sqlite+aiosqlite:///{tmp_path / 'mailbox'}.db"))
    assert [row.subject for row in await again.newest()] == ["Mail 1"]
    await again.close()


async def test_programs_get_all_of_them_newest_first(mailbox: DurableMailbox):
    for number in (2, 3, 1):
        await mailbox.put(mail(number))
    page = MailboxPage(mailbox, any_host=False)
    for accept in ("application/json", "*/*"):
        answer = await get(page, "/dev/mailbox", accept=accept)
        assert answer.headers["content-type"] == "application/json"
        assert [entry["id"] for entry in json.loads(answer.text)] == ["m3", "m2", "m1"]
    assert json.loads(answer.text)[0] == {
        "id": "m3",
        "to": "n@example.com",
        "subject": "Mail 3",
        "text": "Hello",
        "html": "<p>Hello</p>",
        "messageId": "<3@hospital.example>",
        "at": "2026-03-02T06:03:00Z",
    }
    newest = await get(page, "/dev/mailbox", query="first=1", accept="application/json")
    assert len(json.loads(newest.text)) == 1


async def test_people_get_a_page_that_runs_nothing_of_a_mail(mailbox: DurableMailbox):
    evil = "<script>alert(1)</script>{{ 7*7 }}"
    await mailbox.put(mail(1, subject=evil, text=f"{evil} http://127.0.0.1:8761/#token=abc", html=f'"{evil}', to=evil))
    answer = await get(MailboxPage(mailbox, any_host=False), "/dev/mailbox", accept="text/html,*/*;q=0.8")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script>alert" not in answer.text
    assert answer.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 4
    assert "{{ 7*7 }}" in answer.text
    assert '<a href="http://127.0.0.1:8761/#token=abc"' in answer.text
    assert '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" ' in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'nonce-")
    assert "unsafe-inline" not in policy.split("style-src")[0]


async def test_an_sms_is_shown_as_one(mailbox: DurableMailbox):
    await ConsoleSms(mailbox).send(Sms("s1", "+919876543210", "See you at 11:30", AT))
    text = (await get(MailboxPage(mailbox, any_host=False), "/dev/mailbox", accept="text/html")).text
    assert '<span class="subject">SMS</span>' in text
    assert "to +919876543210" in text
    assert "See you at 11:30" in text


async def test_a_full_mailbox_shows_the_newest(mailbox: DurableMailbox):
    page = MailboxPage(mailbox, any_host=False)
    assert "Nothing yet." in (await get(page, "/dev/mailbox", accept="text/html")).text
    for number in range(SHOWN + 1):
        await mailbox.put(mail(number))
    text = (await get(page, "/dev/mailbox", accept="text/html")).text
    assert f"The newest {SHOWN} of {SHOWN + 1}." in text
    assert (">Mail 0<" in text, f">Mail {SHOWN}<" in text) == (False, True)


@pytest.mark.parametrize("host", ["evil.example:8761", "evil.example", "127.0.0.1.evil.example:80", ""])
async def test_a_name_that_was_made_to_mean_this_machine_reads_nothing(mailbox: DurableMailbox, host: str):
    await mailbox.put(mail(1))
    assert (await get(MailboxPage(mailbox, any_host=False), "/dev/mailbox", host=host)).status == 403
    assert (await get(MailboxPage(mailbox, any_host=True), "/dev/mailbox", host=host)).status == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8761", "localhost:80", "LOCALHOST", "[::1]:8761", "[::1]"])
async def test_this_machines_own_names_do(mailbox: DurableMailbox, host: str):
    assert (await get(MailboxPage(mailbox, any_host=False), "/dev/mailbox", host=host)).status == 200


async def test_it_is_only_read_and_may_be_off(mailbox: DurableMailbox):
    assert (await get(MailboxPage(mailbox, any_host=False), "/dev/mailbox", method="DELETE")).status == 405
    assert (await get(switched_off(), "/dev/mailbox")).status == 404
