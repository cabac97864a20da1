"""The loop that e-mail and SMS go out by: in order, some at once, sent and then marked.

A crash between the two sends again what was not marked, under the same Message-ID, and loses nothing. What became of
the attempts is written down for many in one transaction; while it cannot be, nothing more is sent. Several of them
share a queue: each holds what it takes, for longer than it may take to send it. Mail with a link waits for who makes
links in a lane of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
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
_SETTLED_WITHIN_SECONDS = 10.0

log = structlog.get_logger(__name__)


class Queue(Protocol):
    """Where messages wait, durably."""

    async def take(self, channel: Channel, most: int, hold: timedelta) -> list[Outgoing]: ...

    async def linked(self, message: Outgoing) -> Outgoing | None: ...

    async def give_back(self, messages: Sequence[Outgoing]) -> None: ...

    async def settle(self, outcomes: Sequence[Outcome]) -> None: ...


Send = Callable[[Outgoing], Awaitable[None]]


async def nothing() -> None:
    return None


class Sender:
    """`send` takes one message, and raises Undeliverable where it never will, Unreachable where nobody is there.

    `lanes`: how many are on their way at once, and one more that has a link; who reaches nobody waits ever longer, and
    neither its message nor what waits behind it is blamed; all is let go of when no lane reaches anybody. `bell` rings
    where there is news, `rest` is called where there is none. What is on its way at the stop gets `last_seconds` to
    finish; what waits longer than `fresh_seconds` for its turn is given back, as it may not be wanted any more; what is
    not sent in `longest_send_seconds` has failed.
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
        longest_send_seconds: float = 60.0,
    ) -> None:
        self._channel, self._queue, self._send, self._clock = channel, queue, send, clock
        self._bell, self._rest, self._lanes, self._poll_seconds = bell or asyncio.Event(), rest, lanes, poll_seconds
        self._waits = (first_wait_seconds, longest_wait_seconds)
        self._last_seconds, self._longest_send_seconds = last_seconds, longest_send_seconds
        self._held_on_its_way = timedelta(seconds=longest_send_seconds + _SETTLED_WITHIN_SECONDS)
        self._hold = timedelta(seconds=fresh_seconds) + self._held_on_its_way
        self._stopping, self._can_mark = asyncio.Event(), asyncio.Event()
        self._can_mark.set()
        self._ready: asyncio.Queue[Outgoing | None] = asyncio.Queue()
        self._with_link: asyncio.Queue[Outgoing | None] = asyncio.Queue()
        self._in_hand, self._pausing = 0, 0
        self._outcomes: list[Outcome] = []
        self._untried: list[Outgoing] = []
        self._log = log.bind(channel=channel.value)

    async def run(self) -> None:
        """Until `stop`: what is on its way then is finished and marked, as far as the time is enough."""
        async with asyncio.TaskGroup() as group:
            queues = [self._ready] * self._lanes + [self._with_link]
            lanes = [group.create_task(self._lane(queue), name=f"lane {self._channel.value}") for queue in queues]
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
                self._can_mark.set()
            except Exception as error:
                self._can_mark.clear()
                self._log.warning("sender.queue_failed", error=named(error), failures=back_off.failures + 1)
                await pause(self._stopping, back_off.next_seconds())
        self._can_mark.set()
        for _ in lanes:
            self._ready.put_nowait(None)
        self._with_link.put_nowait(None)
        _, late = await asyncio.wait(lanes, timeout=self._last_seconds)
        for lane in late:  # its message is sent again
            lane.cancel()
        self._let_go()
        with suppress(Exception):  # what was not marked is sent again
            await self._settle()

    async def _turn(self) -> None:
        self._bell.clear()
        if self._pausing == self._lanes:
            self._let_go()
        await self._settle()
        if self._pausing < self._lanes and self._ready.qsize() < _LOT // 2:
            taken = await self._queue.take(self._channel, _LOT, self._hold)
            self._in_hand += len(taken)
            for message in taken:
                (self._ready if message.link_id is None else self._with_link).put_nowait(message)
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
        if outcomes := list(self._outcomes):
            await self._queue.settle(outcomes)
            del self._outcomes[: len(outcomes)]
            self._in_hand -= len(outcomes)
        if untried := list(self._untried):
            await self._queue.give_back(untried)
            del self._untried[: len(untried)]
            self._in_hand -= len(untried)

    def _let_go(self) -> None:
        """Of what waits for its turn here, so that somebody else may have it."""
        for waiting in (self._ready, self._with_link):
            while not waiting.empty():
                message = waiting.get_nowait()
                if message is not None:
                    self._untried.append(message)

    async def _lane(self, waiting: asyncio.Queue[Outgoing | None]) -> None:
        back_off = BackOff(*self._waits)
        while (message := await waiting.get()) is not None:
            await self._can_mark.wait()
            if self._stopping.is_set() or not self._is_fresh(message):
                self._untried.append(message)
                continue
            outcome = await self._attempt(message)
            self._outcomes.append(outcome)
            self._bell.set()
            if outcome.reached:
                back_off.reset()
                continue
            self._log.warning("sender.unreachable", message=message.id, failures=back_off.failures + 1)
            await self._wait_for_better_times(back_off, 1 if waiting is self._ready else 0)

    async def _wait_for_better_times(self, back_off: BackOff, lanes: int) -> None:
        self._pausing += lanes
        await pause(self._stopping, back_off.next_seconds())
        self._pausing -= lanes
        self._bell.set()

    def _is_fresh(self, message: Outgoing) -> bool:
        """Whether it is held for as long as it may take to send it and to write that down."""
        return self._clock.now() + self._held_on_its_way <= message.held_until

    async def _attempt(self, message: Outgoing) -> Outcome:
        try:
            async with asyncio.timeout(self._longest_send_seconds):
                going = await self._queue.linked(message)
                if going is None:
                    return Outcome(message, self._clock.now(), "The link is used or has ended.", wanted=False)
                await self._send(going)
        except Undeliverable as error:
            return Outcome(message, self._clock.now(), reason_text(error), final=True)
        except Unreachable as error:
            return Outcome(message, self._clock.now(), reason_text(error), reached=False)
        except TimeoutError:
            return Outcome(message, self._clock.now(), "It took too long.")
        except Exception as error:
            return Outcome(message, self._clock.now(), reason_text(error))
        return Outcome(message, self._clock.now())
