"""The loop that every consumer runs in: one topic, in order, the effect of each message once.

A failure that passes by itself is waited for, and holds up this topic of this consumer alone; but where one that a
message can bring about does not after many tries, though the database takes writes, it is the message's own. What
cannot be handled is buried as a dead letter, at once or after those tries, and the position moves on.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.denials import write_nothing
from subgraphs.kernel.inbox import Subscriber
from workers.contract import Contract
from workers.failures import is_everybodys, named, passes
from workers.metrics import BURIED, HANDLED, RETRIED, SOURCE_FAILED
from workers.pauses import BackOff, pause
from workers.source import Delivery, Source

_TOGETHER = 25
_TRIES = 12

log = structlog.get_logger(__name__)


class Consumer:
    """`together`: how many messages that wait may share a transaction; if one of them fails, each gets its own.

    `tries`: how often one is tried alone that fails of what passes; twelve take a minute or two.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        source: Source,
        contract: Contract,
        *,
        together: int = _TOGETHER,
        tries: int = _TRIES,
        first_wait_seconds: float = 0.1,
        longest_wait_seconds: float = 30.0,
    ) -> None:
        self._subscriber, self._source, self._contract = subscriber, source, contract
        self._together, self._tries = together, tries
        self._new_back_off = partial(BackOff, first_wait_seconds, longest_wait_seconds)
        self._stopping = asyncio.Event()
        self._log = log.bind(consumer=subscriber.consumer, topic=source.topic)
        counted = (subscriber.consumer, source.topic)
        self._handled, self._retried = HANDLED.labels(*counted), RETRIED.labels(*counted)
        self._buried, self._source_failed = BURIED.labels(*counted), SOURCE_FAILED.labels(*counted)

    async def run(self) -> None:
        """Until `stop`, or cancelled: what was not committed then comes again at the next start."""
        back_off = self._new_back_off()
        while not self._stopping.is_set():
            try:
                await self.turn()
                back_off.reset()
            except Exception as error:
                self._source_failed.inc()
                self._log.warning("consumer.source_failed", error=named(error), failures=back_off.failures + 1)
                await pause(self._stopping, back_off.next_seconds())

    def stop(self) -> None:
        """Lets `run` end after the message in hand."""
        self._stopping.set()
        self._source.wake()

    async def turn(self) -> None:
        """Handles one batch. Raises what the source raises; what fails in the handling is waited for or buried."""
        batch = await self._source.batch()
        for start in range(0, len(batch), self._together):
            chunk = batch[start : start + self._together]
            if not await self._taken(chunk):
                return

    async def _taken(self, chunk: Sequence[Delivery]) -> bool:
        """False when stopped before the end of it: what comes behind must not be passed over then."""
        if all(delivery.message_id in self._subscriber.recent for delivery in chunk):
            await self._source.skip(chunk)
            self._handled.inc(len(chunk))
            return True
        return await self._handled_together(chunk) or await self._handled_each(chunk)

    async def _handled_together(self, chunk: Sequence[Delivery]) -> bool:
        if len(chunk) < 2 or self._stopping.is_set():
            return False
        try:
            await self._apply(chunk)
        except Exception:
            return False
        await self._source.commit(chunk)
        self._handled.inc(len(chunk))
        return True

    async def _handled_each(self, chunk: Sequence[Delivery]) -> bool:
        for delivery in chunk:
            if not await self._settled(delivery):
                return False
            await self._source.commit([delivery])
        return True

    async def _settled(self, delivery: Delivery) -> bool:
        """Handled or buried; False when stopped before that."""
        back_off = self._new_back_off()
        settle, buried = partial(self._apply, [delivery]), None
        while not self._stopping.is_set():
            try:
                await settle()
            except Exception as error:
                if buried is None and await self._is_hopeless(error, back_off.failures + 1):
                    settle, buried = partial(self._source.bury, delivery, error), error
                    continue
                self._log.warning(
                    "consumer.waits", place=delivery.place, error=named(error), failures=back_off.failures + 1
                )
                self._retried.inc()
                await pause(self._stopping, back_off.next_seconds())
            else:
                self._note(delivery, buried)
                return True
        return False

    async def _apply(self, deliveries: Sequence[Delivery]) -> None:
        async def work(session: AsyncSession) -> None:
            messages = [self._contract.read(delivery.topic, delivery.body) for delivery in deliveries]
            await self._subscriber.apply(session, messages)
            await self._source.keep(session, deliveries)

        await self._subscriber.database.transaction(work)

    async def _is_hopeless(self, error: Exception, failures: int) -> bool:
        if not passes(error):
            return True
        return failures >= self._tries and not is_everybodys(error) and await self._can_write()

    async def _can_write(self) -> bool:
        """Whether another transaction would go through: else nothing is known of the message."""
        try:
            await self._subscriber.database.transaction(write_nothing)
        except Exception:
            return False
        return True

    def _note(self, delivery: Delivery, buried: Exception | None) -> None:
        if buried is None:
            self._handled.inc()
        else:
            self._buried.inc()
            self._log.error("consumer.buried", place=delivery.place, partition=delivery.partition, error=named(buried))
