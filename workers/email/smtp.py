"""A `Mailbox` that hands mail to an SMTP server, over connections that stay open while there is mail."""

import time
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.policy import SMTPUTF8 as WIRE_UTF8

import structlog
from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from aiosmtplib.errors import SMTPNotSupported

from subgraphs.kernel.email_address import email_address
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.mail import Mail, Undeliverable, Unreachable
from workers.email.settings import SmtpSettings, Tls

_MAILS_A_CONNECTION = 100
_IDLE_SECONDS = 5.0
_OUR_OWN_FAULT = {530, 534, 535, 538}
"""Refusals for want of a sign-in, which says nothing of the mail.

Told to operators alone: patients read why their mail did not go out.
"""
_AWAY = 421

log = structlog.get_logger(__name__)


class TryLater(Exception):
    """The server did not take it now."""


class _Line:
    """One connection and how much it was used."""

    def __init__(self, client: SMTP) -> None:
        self.client, self.mails, self.used_at = client, 0, time.monotonic()

    @property
    def is_worn(self) -> bool:
        return self.mails >= _MAILS_A_CONNECTION or time.monotonic() - self.used_at > _IDLE_SECONDS


class SmtpMailbox:
    """Whoever puts mails at once gets a connection each; `sender` is whom they are from."""

    def __init__(self, settings: SmtpSettings, sender: str) -> None:
        self._settings, self._sender = settings, settings.sender or sender
        self._idle: list[_Line] = []

    async def put(self, message: Mail) -> None:
        """Raises Undeliverable for a refusal for good (5xx), Unreachable where there is no server, or TryLater."""
        wire = self._wire(message)
        line = await self._line()
        try:
            await _hand_over(line.client, self._sender, message.to, wire)
        except Undeliverable:
            await self._keep(line)
            raise
        except BaseException:
            line.client.close()
            raise
        await self._keep(line)

    async def rest(self) -> None:
        """Closes what nobody uses."""
        idle, self._idle = self._idle, []
        for line in idle:
            await _quit(line)

    async def _line(self) -> _Line:
        while self._idle:
            line = self._idle.pop()
            if not line.is_worn and line.client.is_connected:
                return line
            await _quit(line)
        return _Line(await self._connected())

    async def _keep(self, line: _Line) -> None:
        line.mails, line.used_at = line.mails + 1, time.monotonic()
        self._idle.append(line)

    async def _connected(self) -> SMTP:
        own = self._settings
        client = SMTP(
            hostname=own.host,
            port=own.port,
            timeout=own.timeout_seconds,
            use_tls=own.tls is Tls.IMPLICIT,
            start_tls=own.tls is Tls.STARTTLS,
            username=own.user,
            password=None if own.password is None else own.password.get_secret_value(),
        )
        try:
            await client.connect()
        except SMTPAuthenticationError as error:
            client.close()
            log.error("smtp.refused_us", server=f"{own.host}:{own.port}", code=error.code)
            raise Unreachable("the mail server takes nothing from us") from error
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            client.close()
            log.warning("smtp.unreachable", server=f"{own.host}:{own.port}", error=str(error) or type(error).__name__)
            raise Unreachable("the mail server cannot be reached") from error
        return client

    def _wire(self, message: Mail) -> bytes:
        """The mail as it is sent. Raises Undeliverable for an address or a header that none can have."""
        policy = WIRE if message.to.isascii() else WIRE_UTF8
        mail = EmailMessage(policy)
        try:
            mail["From"] = self._sender
            mail["To"] = email_address(message.to)
            mail["Subject"] = message.subject
            mail["Date"] = message.at
            mail["Message-ID"] = message.message_id
        except (ValueError, InvalidInput) as error:
            raise Undeliverable(f"This cannot be addressed: {error}") from error
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        if message.html:
            mail.add_alternative(message.html, subtype="html")
        return mail.as_bytes()


async def _hand_over(client: SMTP, sender: str, to: str, wire: bytes) -> None:
    """Raises Undeliverable for a clean 5xx, and whatever else went wrong where that may pass."""
    options = [] if to.isascii() else ["SMTPUTF8"]
    try:
        await client.sendmail(sender, to, wire, mail_options=options)
    except SMTPRecipientsRefused as refused:
        raise _judged(refused.recipients[0]) from refused
    except SMTPResponseException as refused:
        raise _judged(refused) from refused
    except SMTPNotSupported as error:
        raise Undeliverable(str(error)) from error


def _judged(refused: SMTPResponseException) -> Exception:
    said = f"{refused.code} {refused.message}"
    if refused.code in _OUR_OWN_FAULT:
        log.error("smtp.refused_us", code=refused.code)
        return Unreachable("the mail server takes nothing from us")
    if refused.code == _AWAY:
        return Unreachable("the mail server is away")
    return Undeliverable(said) if 500 <= refused.code < 600 else TryLater(said)


async def _quit(line: _Line) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        await line.client.quit(timeout=1.0)
    line.client.close()
