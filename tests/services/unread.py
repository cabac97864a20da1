"""What consumers have not read yet, as the broker says."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from subgraphs.kernel.inbox import Subscriber
from workers.kafka.settings import KafkaSettings
from workers.kafka.source import group_of


@dataclass(frozen=True)
class Groups:
    """By group, the parts of the topic that it reads."""

    parts: Mapping[str, Sequence[TopicPartition]]
    admin: AIOKafkaAdminClient
    client: AIOKafkaConsumer

    async def unread(self) -> dict[str, int]:
        """How many messages each has yet to read, of those that have any."""
        ends = await self.client.end_offsets([*{part for parts in self.parts.values() for part in parts}])
        behind = await asyncio.gather(*(self._behind(group, parts, ends) for group, parts in self.parts.items()))
        return {group: number for group, number in zip(self.parts, behind, strict=True) if number}

    async def _behind(self, group: str, parts: Sequence[TopicPartition], ends: Mapping[TopicPartition, int]) -> int:
        """The broker names no place in a partition that nothing was read of."""
        read = await self.admin.list_consumer_group_offsets(group)
        return sum(ends[part] - (read[part].offset if part in read else 0) for part in parts)


@asynccontextmanager
async def groups_of(settings: KafkaSettings, subscribers: Sequence[Subscriber]) -> AsyncIterator[Groups]:
    topics = {group_of(each.consumer, topic): topic for each in subscribers for topic in each.topics}
    admin, client = AIOKafkaAdminClient(**settings.connection()), AIOKafkaConsumer(**settings.connection())
    await admin.start()
    await client.start()
    try:
        parts = {each["topic"]: _parts(each) for each in await admin.describe_topics([*set(topics.values())])}
        yield Groups({group: parts[topic] for group, topic in topics.items()}, admin, client)
    finally:
        await client.stop()
        await admin.close()


def _parts(described: Mapping[str, object]) -> list[TopicPartition]:
    found = [TopicPartition(described["topic"], part["partition"]) for part in described["partitions"]]
    assert found, described
    return found
