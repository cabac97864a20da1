"""Messages on their way out, and where they are put: whoever starts a component decides what stands behind it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """`id` and `message_id` (RFC 5322, with its angle brackets) stay the same when the same mail is put again.

    What it says is not for logs: it may hold a link that opens a login.
    """

    id: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    message_id: str
    at: datetime


class Mailbox(Protocol):
    async def put(self, message: Mail) -> None:
        """Returns when the mail is kept, or taken by who sends it on; one of a known `id` may come again.

        Raises Undeliverable where it never will be, Unreachable, or anything else when it cannot now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sms:
    """`to` in E.164; `id` stays the same when the same message is sent again."""

    id: str
    to: str
    text: str = field(repr=False)
    at: datetime


class SmsProvider(Protocol):
    async def send(self, message: Sms) -> None:
        """Returns when the message is taken. Raises as a Mailbox does."""
        ...


class Undeliverable(Exception):
    """It is refused for good: this message to this address is not taken, however often it comes."""


class Unreachable(Exception):
    """Nobody is there to take any message; it has nothing to do with this one."""
