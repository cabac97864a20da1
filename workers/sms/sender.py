"""SMS on their way out."""

import asyncio
from collections.abc import Awaitable, Callable

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.mail import Sms, SmsProvider
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service.sending import Outgoing
from workers.sending import Queue, Sender, nothing
from workers.watching import watched_sending


def sms_sender(
    queue: Queue,
    provider: SmsProvider,
    clock: Clock,
    *,
    bell: asyncio.Event | None = None,
    rest: Callable[[], Awaitable[None]] = nothing,
    lanes: int = 2,
    poll_seconds: float = 2.0,
) -> Sender:
    async def send(message: Outgoing) -> None:
        with watched_sending(Channel.SMS, message):
            await provider.send(Sms(id=message.id, to=message.to, text=message.text, at=clock.now()))

    return Sender(Channel.SMS, queue, send, clock, bell=bell, rest=rest, lanes=lanes, poll_seconds=poll_seconds)
