"""E-mail on its way out."""

import asyncio
from collections.abc import Awaitable, Callable

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.mail import Mail, Mailbox
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service.sending import Outgoing
from workers.sending import Queue, Sender, nothing
from workers.watching import watched_sending


def email_sender(
    queue: Queue,
    mailbox: Mailbox,
    clock: Clock,
    *,
    bell: asyncio.Event | None = None,
    rest: Callable[[], Awaitable[None]] = nothing,
    lanes: int = 4,
    poll_seconds: float = 2.0,
) -> Sender:
    async def send(message: Outgoing) -> None:
        with watched_sending(Channel.EMAIL, message):
            await mailbox.put(
                Mail(
                    id=message.id,
                    to=message.to,
                    subject=message.subject,
                    text=message.text,
                    html=message.html,
                    message_id=message.message_id,
                    at=clock.now(),
                )
            )

    return Sender(Channel.EMAIL, queue, send, clock, bell=bell, rest=rest, lanes=lanes, poll_seconds=poll_seconds)
