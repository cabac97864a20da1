"""Handing events to the domains that decide by them, after the commit and before the answer.

Whoever is slow or fails gets the event later all the same: this only makes sure that a copy does not lag where it can
be helped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from subgraphs.kernel.events import Envelope

Receiver = Callable[[Envelope], Awaitable[None]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handover:
    """`receivers` (by event type) get the events in order, side by side; `wake` tells the transport of the news."""

    receivers: dict[str, tuple[Receiver, ...]]
    wake: Callable[[], None]
    limit_seconds: float = 0.3

    async def __call__(self, events: list[Envelope]) -> None:
        if not events:
            return
        self.wake()
        wanted = {receiver for message in events for receiver in self.receivers.get(message.type, ())}
        if wanted:
            await asyncio.gather(*(self._hand_to(receiver, events) for receiver in wanted))

    async def _hand_to(self, receiver: Receiver, events: list[Envelope]) -> None:
        try:
            async with asyncio.timeout(self.limit_seconds):
                for message in events:
                    if receiver in self.receivers.get(message.type, ()):
                        await receiver(message)
        except Exception as error:
            log.warning("handover.late", error=repr(error), events=[message.id for message in events])
