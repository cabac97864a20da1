"""A topic of Kafka for one consumer of a domain: offsets are committed behind the effect, for many at a time.

What a crash leaves uncommitted comes again, and the inbox knows it.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka.structs import TopicPartition
from sqlmodel.ext.asyncio.session import AsyncSession

from workers.kafka.clients import GroupConsumer
from workers.kafka.dead_letters import DeadLetterTopic
from workers.kafka.settings import KafkaSettings
from workers.source import Delivery

_WAIT_MS = 1000
_AT_ONCE = 100
_HELD_UP_AT_MOST_MS = 3_600_000
_COMMITTED_EVERY_SECONDS = 1.0


class KafkaSource:
    """`ordinal` tells those who share a group apart; started again under the same one, it goes on with its partitions.

    The group is of the consumer and the topic, so that a topic that is held up holds up no other.
    """

    def __init__(
        self, settings: KafkaSettings, consumer: str, topic: str, ordinal: str, dead_letters: DeadLetterTopic
    ) -> None:
        self.topic = topic
        self._settings, self._group, self._ordinal = settings, group_of(consumer, topic), ordinal
        self._name, self._dead_letters = consumer, dead_letters
        self._consumer: GroupConsumer | None = None
        self._woken = asyncio.Event()
        self._handled_to: dict[TopicPartition, int] = {}
        self._uncommitted: dict[TopicPartition, int] = {}
        self._commit_at = 0.0

    async def batch(self) -> Sequence[Delivery]:
        """A consumer that fails is let go of, as it may fail for ever: the next batch has a new one."""
        try:
            return await self._next()
        except Exception:
            await self.aclose()
            raise

    async def _next(self) -> Sequence[Delivery]:
        consumer = await self._started()
        await self._commit_in_time(consumer)
        await self._go_back(consumer)
        fetching = asyncio.ensure_future(consumer.getmany(timeout_ms=_WAIT_MS, max_records=_AT_ONCE))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait([fetching, waking], return_when=asyncio.FIRST_COMPLETED)
            return self._given(fetching.result()) if fetching.done() else []
        finally:
            for waiting in (fetching, waking):
                waiting.cancel()

    async def keep(self, session: AsyncSession, handled: Sequence[Delivery]) -> None:
        """Nothing: the inbox knows what had its effect, and the broker how far that is."""

    async def bury(self, delivery: Delivery, error: Exception) -> None:
        await self._dead_letters.bury(self._name, delivery, error)

    async def skip(self, handled: Sequence[Delivery]) -> None:
        await self._note(handled)

    async def commit(self, handled: Sequence[Delivery]) -> None:
        await self._note(handled)

    async def _note(self, handled: Sequence[Delivery]) -> None:
        reached = {TopicPartition(self.topic, each.partition): each.place + 1 for each in handled}
        self._uncommitted |= reached
        await self._commit_in_time(await self._started())
        self._handled_to |= reached

    async def _commit_in_time(self, consumer: GroupConsumer) -> None:
        now = asyncio.get_running_loop().time()
        if self._uncommitted and now >= self._commit_at:
            await self._commit(consumer)
            self._commit_at = now + _COMMITTED_EVERY_SECONDS

    async def _commit(self, consumer: GroupConsumer) -> None:
        """Of the partitions that are still ours."""
        ours, self._uncommitted = self._uncommitted, {}
        if ours := {partition: place for partition, place in ours.items() if partition in consumer.assignment()}:
            await consumer.commit(ours)

    async def lag(self) -> int:
        """How many messages stand behind what was handled, as far as the broker has said."""
        consumer = self._consumer
        if consumer is None:
            return 0
        behind = [await self._behind(consumer, partition) for partition in consumer.assignment()]
        return sum(behind)

    async def _behind(self, consumer: GroupConsumer, partition: TopicPartition) -> int:
        end = consumer.highwater(partition)
        if end is None:
            return 0
        place = self._handled_to.get(partition)
        return max(0, int(end) - (await consumer.position(partition) if place is None else place))

    def wake(self) -> None:
        self._woken.set()

    async def aclose(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._handled_to.clear()
        if consumer is not None:
            with suppress(Exception):
                async with asyncio.timeout(_COMMITTED_EVERY_SECONDS):
                    await self._commit(consumer)
            with suppress(Exception):
                await consumer.let_go()

    async def _go_back(self, consumer: GroupConsumer) -> None:
        """To what was given and not handled, which is given again."""
        for partition in consumer.assignment() & self._handled_to.keys():
            if await consumer.position(partition) != self._handled_to[partition]:
                consumer.seek(partition, self._handled_to[partition])
        self._handled_to.clear()

    def _given(self, fetched: dict[TopicPartition, list[Any]]) -> list[Delivery]:
        self._handled_to = {partition: records[0].offset for partition, records in fetched.items() if records}
        return [_delivery(record) for records in fetched.values() for record in records]

    async def _started(self) -> GroupConsumer:
        if self._consumer is None:
            consumer = GroupConsumer(
                self.topic,
                **self._settings.connection(),
                group_id=self._group,
                group_instance_id=f"{self._group}.{self._ordinal}",
                client_id=f"{self._group}.{self._ordinal}",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_poll_interval_ms=_HELD_UP_AT_MOST_MS,
            )
            try:
                await consumer.start()
            except BaseException:
                with suppress(Exception):
                    await consumer.let_go()
                raise
            self._consumer = consumer
        return self._consumer


def group_of(consumer: str, topic: str) -> str:
    return f"{consumer}.{topic}"


def _delivery(record: Any) -> Delivery:
    body = (record.value or b"").decode("utf-8", "surrogateescape")
    return Delivery(record.topic, record.offset, body, record.partition)
