"""E-mail by SMTP, against a real server, and against those that behave badly."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiosmtplib import SMTPException
from pydantic import SecretStr
from structlog.testing import capture_logs

from subgraphs.kernel.mail import Mail, Undeliverable, Unreachable
from tests.workers.post import PostOffice, odd_server, open_office, settings_for
from workers.email.smtp import SmtpMailbox, TryLater

AT = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


def mail(number: int = 1, **given: str) -> Mail:
    known = {"to": "p@example.com", "subject": f"Grüße {number}", "text": "Dear Ärzte,\n.\nBye\n", "html": "<p>Ä</p>"}
    message_id = f"<{number}@hospital.example>"
    return Mail(**(known | given), id=f"m{number}", message_id=message_id, at=AT)


async def test_a_mail_arrives_as_text_and_html_under_its_message_id():
    office = PostOffice()
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(settings, "no-reply@hospital.example")
        await mailbox.put(mail())
        await mailbox.rest()
    [(to, taken)] = office.taken
    assert (to, taken["From"], taken["To"]) == ("p@example.com", "no-reply@hospital.example", "p@example.com")
    assert (taken["Subject"], taken["Message-ID"]) == ("Grüße 1", "<1@hospital.example>")
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["Date"].datetime == AT
    plain, html = taken.iter_parts()
    assert plain.get_content().splitlines() == ["Dear Ärzte,", ".", "Bye"]
    assert html.get_content().strip() == "<p>Ä</p>"


async def test_connections_are_used_again_and_not_for_ever():
    office = PostOffice()
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(settings, "a@example.com")
        for number in range(250):
            await mailbox.put(mail(number))
        await mailbox.rest()
    assert (len(office.taken), office.connections) == (250, 3)


@pytest.mark.parametrize("where", ["at_rcpt", "refusals"])
async def test_a_5xx_is_for_good_and_the_connection_goes_on(where):
    office = PostOffice(**{where: {"p@example.com": "550 5.1.1 nobody here"}})
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(settings, "a@example.com")
        with pytest.raises(Undeliverable, match=r"550 5\.1\.1 nobody here"):
            await mailbox.put(mail())
        await mailbox.put(mail(2, to="q@example.com"))
        await mailbox.rest()
    assert (office.recipients, office.connections) == (["q@example.com"], 1)


@pytest.mark.parametrize("where", ["at_rcpt", "refusals"])
async def test_a_4xx_passes(where):
    office = PostOffice(**{where: {"p@example.com": "451 try later"}})
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(settings, "a@example.com")
        with pytest.raises(TryLater, match="451 try later"):
            await mailbox.put(mail())
        setattr(office, where, {})
        await mailbox.put(mail())
        await mailbox.rest()
    assert office.recipients == ["p@example.com"]


async def test_want_of_a_sign_in_is_not_the_mails_fault():
    async with open_office(PostOffice(at_rcpt={"p@example.com": "530 sign in first"})) as settings:
        mailbox = SmtpMailbox(settings, "a@example.com")
        with pytest.raises(Unreachable):
            await mailbox.put(mail())


async def test_a_server_that_goes_away_is_not_the_mails_fault():
    async with open_office(PostOffice(at_rcpt={"p@example.com": "421 closing"})) as settings:
        with pytest.raises(Unreachable, match=r"^the mail server is away$"):
            await SmtpMailbox(settings, "a@example.com").put(mail())


async def refuses_passwords(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 hello\r\n")
    while line := await reader.readline():
        greets = line.upper().startswith(b"EHLO")
        writer.write(b"250-hello\r\n250 AUTH PLAIN\r\n" if greets else b"535 5.7.8 wrong password\r\n")
    writer.close()


async def test_a_wrong_password_is_told_to_operators_and_is_not_the_mails_fault():
    async with odd_server(refuses_passwords) as settings, asyncio.timeout(5):
        signing_in = settings.model_copy(update={"user": "desk", "password": SecretStr("wr0ng")})
        with capture_logs() as logs, pytest.raises(Unreachable, match=r"^the mail server takes nothing from us$"):
            await SmtpMailbox(signing_in, "a@example.com").put(mail())
    assert [(entry["event"], entry["log_level"], entry["code"]) for entry in logs] == [
        ("smtp.refused_us", "error", 535)
    ]
    assert "wr0ng" not in str(logs)


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            writer.write(b"220-wait\r\n")
            await writer.drain()
            await asyncio.sleep(0.1)
    except ConnectionError:
        writer.close()


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    writer.close()


async def turned_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"554 no service\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("server", [hang, trickle, cut, nonsense, turned_away])
async def test_a_server_that_takes_nobody_is_not_there(server):
    async with odd_server(server) as settings, asyncio.timeout(5):
        with pytest.raises(Unreachable):
            await SmtpMailbox(settings, "a@example.com").put(mail())


async def test_where_nobody_listens_nobody_is_there():
    with pytest.raises(Unreachable, match=r"^the mail server cannot be reached$"):
        await SmtpMailbox(settings_for(1), "a@example.com").put(mail())


def after_mail(then: bytes | None):
    """Greets and goes along until the mail's text, and then answers that, or nothing more (b"") or cuts (None)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            if line == b".\r\n":
                if then is None:
                    break
                writer.write(then)
            elif line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
            elif line.upper().startswith((b"EHLO", b"MAIL", b"RCPT", b"RSET", b"QUIT")):
                writer.write(b"250 fine\r\n")
        writer.close()

    return answer


@pytest.mark.parametrize("then", [None, b"", b"what?\r\n", b"999 what?\r\n", b"\xff\xfe\r\n"])
async def test_a_server_that_fails_at_the_last_is_tried_again_later(then):
    async with odd_server(after_mail(then)) as settings, asyncio.timeout(5):
        with pytest.raises((TryLater, SMTPException, OSError, TimeoutError)) as failed:
            await SmtpMailbox(settings, "a@example.com").put(mail())
        assert not isinstance(failed.value, Undeliverable)


@pytest.mark.parametrize("to", ["nobody", "", "a@b@c", "a b@example.com", "a@example.com\r\nBcc: b@example.com"])
async def test_what_is_no_address_is_refused_for_good(to):
    office = PostOffice()
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(settings, "a@example.com")
        with pytest.raises(Undeliverable):
            await mailbox.put(mail(to=to))
        await mailbox.rest()
    assert office.taken == []


async def test_no_subject_breaks_the_header():
    office = PostOffice()
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(settings, "a@example.com")
        with pytest.raises(Undeliverable):
            await mailbox.put(mail(subject="A\r\nBcc: b@example.com"))
        await mailbox.rest()
    assert office.taken == []


async def test_an_address_outside_ascii_is_taken_by_a_server_that_knows_them():
    office = PostOffice()
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(settings, "a@example.com")
        await mailbox.put(mail(to="josé@example.com"))
        await mailbox.rest()
    assert office.recipients == ["josé@example.com"]


async def test_whom_it_is_from_may_have_a_name():
    office = PostOffice()
    async with open_office(office) as settings:
        mailbox = SmtpMailbox(
            settings.model_copy(update={"sender": "The Hospital <desk@example.com>"}), "a@example.com"
        )
        await mailbox.put(mail())
        await mailbox.rest()
    assert office.taken[0][1]["From"] == "The Hospital <desk@example.com>"
    assert office.senders == ["desk@example.com"]
