"""The loop that e-mail and SMS go out by: in order, some at once, sent and then marked.

A crash between the two sends again what was not marked, under the same Message-ID, and loses nothing. What became of
the attempts is written down for many in one transaction.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.mail import Undeliverable, Unreachable
from subgraphs.notifications.rules import Channel, reason_text
from subgraphs.notifications.service.sending import Outcome, Outgoing
from workers.failures import named
from workers.pauses import BackOff, pause

_LOT = 200
_SETTLED_EVERY_SECONDS = 0.05

log = structlog.get_logger(__name__)


class Queue(Protocol):
    """Where messages wait, durably."""

    async def due(self, channel: Channel, most: int, besides: Collection[str] = ()) -> list[Outgoing]: ...

    async def settle(self, outcomes: Sequence[Outcome]) -> None: ...


Send = Callable[[Outgoing], Awaitable[None]]


async def nothing() -> None:
    return None


class Sender:
    """`send` takes one message, and raises Undeliverable where it never will, Unreachable where nobody is there.

    `lanes`: how many are on their way at once; who reaches nobody waits ever longer, and what waits behind it is not
    blamed. `bell` rings where there is news, `rest` is called where there is none. What is on its way at the stop gets
    `last_seconds` to finish; what waits longer than `fresh_seconds` for its turn is asked for anew, as it may not be
    wanted any more.
    """

    def __init__(
        self,
        channel: Channel,
        queue: Queue,
        send: Send,
        clock: Clock,
        *,
        bell: asyncio.Event | None = None,
        rest: Callable[[], Awaitable[None]] = nothing,
        lanes: int = 4,
        poll_seconds: float = 2.0,
        first_wait_seconds: float = 1.0,
        longest_wait_seconds: float = 60.0,
        last_seconds: float = 5.0,
        fresh_seconds: float = 5.0,
    ) -> None:
        self._channel, self._queue, self._send, self._clock = channel, queue, send, clock
        self._bell, self._rest, self._lanes, self._poll_seconds = bell or asyncio.Event(), rest, lanes, poll_seconds
        self._waits = (first_wait_seconds, longest_wait_seconds)
        self._last_seconds, self._fresh_seconds = last_seconds, fresh_seconds
        self._stopping = asyncio.Event()
        self._ready: asyncio.Queue[tuple[Outgoing, float] | None] = asyncio.Queue()
        self._in_hand: set[str] = set()
        self._outcomes: list[Outcome] = []
        self._log = log.bind(channel=channel.value)

    async def run(self) -> None:
        """Until `stop`: what is on its way then is finished and marked, as far as the time is enough."""
        async with asyncio.TaskGroup() as group:
            lanes = [group.create_task(self._lane(), name=f"lane {self._channel.value}") for _ in range(self._lanes)]
            await self._keep_books(lanes)
        await self._rest()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.set()

    async def _keep_books(self, lanes: Sequence[asyncio.Task[None]]) -> None:
        back_off = BackOff(0.1, 30.0)
        while not self._stopping.is_set():
            try:
                await self._turn()
                back_off.reset()
            except Exception as error:
                self._log.warning("sender.queue_failed", error=named(error), failures=back_off.failures + 1)
                await pause(self._stopping, back_off.next_seconds())
        for _ in lanes:
            self._ready.put_nowait(None)
        _, late = await asyncio.wait(lanes, timeout=self._last_seconds)
        for lane in late:  # its message is sent again
            lane.cancel()
        with suppress(Exception):  # what was not marked is sent again
            await self._settle()

    async def _turn(self) -> None:
        await self._settle()
        if self._ready.qsize() < _LOT // 2:
            self._bell.clear()
            for message in await self._queue.due(self._channel, _LOT, frozenset(self._in_hand)):
                self._in_hand.add(message.id)
                self._ready.put_nowait((message, time.monotonic()))
        if self._ready.empty():
            await self._wait()
        else:
            await asyncio.sleep(_SETTLED_EVERY_SECONDS)

    async def _wait(self) -> None:
        if not self._in_hand and not self._bell.is_set():
            await self._rest()
        await pause(self._bell, self._poll_seconds)
        await asyncio.sleep(_SETTLED_EVERY_SECONDS if self._bell.is_set() else 0)  # it rings just before the commit

    async def _settle(self) -> None:
        outcomes = list(self._outcomes)
        if outcomes:
            await self._queue.settle(outcomes)
            del self._outcomes[: len(outcomes)]
            self._in_hand.difference_update(outcome.message.id for outcome in outcomes)

    async def _lane(self) -> None:
        back_off = BackOff(*self._waits)
        while (taken := await self._ready.get()) is not None:
            message, taken_at = taken
            if self._stopping.is_set() or time.monotonic() - taken_at > self._fresh_seconds:
                self._in_hand.discard(message.id)  # it stays queued, and may not be wanted any more
                continue
            outcome, reached = await self._attempt(message)
            self._outcomes.append(outcome)
            self._bell.set()
            if reached:
                back_off.reset()
            else:
                self._log.warning("sender.unreachable", message=message.id, failures=back_off.failures + 1)
                await pause(self._stopping, back_off.next_seconds())

    async def _attempt(self, message: Outgoing) -> tuple[Outcome, bool]:
        """What became of it, and whether anybody was there."""
        try:
            await self._send(message)
        except Undeliverable as error:
            return Outcome(message, self._clock.now(), reason_text(error), final=True), True
        except Unreachable as error:
            return Outcome(message, self._clock.now(), reason_text(error)), False
        except Exception as error:
            return Outcome(message, self._clock.now(), reason_text(error)), True
        return Outcome(message, self._clock.now()), True
