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

_under_way: set[asyncio.Future[None]] = set()
"""Keeps what goes on after the limit from being collected."""


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
        """Stops waiting after the limit; what has begun goes on, as it is as good as done."""
        handing = asyncio.ensure_future(self._hand_all(receiver, events))
        await asyncio.wait([handing], timeout=self.limit_seconds)
        if not handing.done():
            _under_way.add(handing)
            handing.add_done_callback(_under_way.discard)
            log.warning("handover.late", events=[message.id for message in events])

    async def _hand_all(self, receiver: Receiver, events: list[Envelope]) -> None:
        try:
            for message in events:
                if receiver in self.receivers.get(message.type, ()):
                    await receiver(message)
        except Exception as error:
            log.warning("handover.failed", error=type(error).__name__, events=[message.id for message in events])
