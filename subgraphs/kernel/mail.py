"""A mail on its way out, and where it is put: whoever starts a component decides what stands behind the mailbox."""

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
        """Keeps the mail for sending, durably; one of a known `id` is dropped. Raises when it cannot."""
        ...
