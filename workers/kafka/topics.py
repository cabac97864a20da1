"""The topics that a hospital needs: made where they are missing, kept as the settings say, and never made smaller."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code
from aiokafka.structs import TopicPartition

from workers.kafka.dead_letters import DEAD_LETTERS
from workers.kafka.settings import KafkaSettings

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_SEEN_WITHIN_SECONDS = 10.0
_SET_ON_THE_TOPIC = 1


@dataclass(frozen=True, slots=True)
class Topics:
    """What was `made`, what was `changed` to what the settings say, whose partitions are `fewer` (how many), and which
    have other `replicas` (how many of each partition at least).
    """

    made: list[str]
    changed: list[str]
    fewer: dict[str, int]
    replicas: dict[str, int]


class ConsumersBehind(Exception):
    """Some have yet to read what stands on a topic."""


async def make_topics(settings: KafkaSettings, topics: Iterable[str]) -> Topics:
    """These, with partitions, replicas and retention of the settings. Raises KafkaError for what the broker refuses."""
    wanted = sorted(set(topics))
    async with _admin(settings) as admin:
        there = {each["topic"]: each["partitions"] for each in await admin.describe_topics()}
        missing = [name for name in wanted if name not in there]
        await _make(admin, [_topic(settings, name) for name in missing])
        known = [name for name in wanted if name in there]
        replicas = {name: min(len(each["replicas"]) for each in there[name]) for name in known}
        changed = await _change(admin, {name: _kept(settings, name, replicas[name]) for name in known})
    fewer = {name: len(there[name]) for name in known if len(there[name]) < _partitions(settings, name)}
    others = {name: number for name, number in replicas.items() if number != settings.replicas}
    return Topics(missing, changed, fewer, others)


async def raise_partitions(settings: KafkaSettings, readers: Mapping[str, Collection[str]]) -> list[str]:
    """Gives these topics as many partitions as the settings say; `readers` are the groups that read each.

    A key moves to another partition, where what follows could overtake what is unread: so all must have been read.
    Raises ConsumersBehind, KafkaError.
    """
    async with _admin(settings) as admin:
        there = {each["topic"]: len(each["partitions"]) for each in await admin.describe_topics(list(readers))}
        raised = [name for name in readers if there[name] < _partitions(settings, name)]
        behind = [
            group for name in raised for group in readers[name] if await _is_behind(settings, name, there[name], group)
        ]
        if behind:
            raise ConsumersBehind(", ".join(behind))
        if raised:
            await admin.create_partitions({name: NewPartitions(_partitions(settings, name)) for name in raised})
    return raised


@asynccontextmanager
async def _admin(settings: KafkaSettings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**settings.connection())
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _make(admin: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    """Returns when they can be seen, which takes a broker a moment."""
    answer = await admin.create_topics(topics)
    for name, code, *_ in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise error(f"{name} cannot be made")
    async with asyncio.timeout(_SEEN_WITHIN_SECONDS):
        while not {topic.name for topic in topics} <= set(await admin.list_topics()):  # noqa: ASYNC110 (it asks a broker)
            await asyncio.sleep(0.05)


async def _change(admin: AIOKafkaAdminClient, wanted: Mapping[str, dict[str, str]]) -> list[str]:
    """Those that were not so before. What else an operator has set on a topic stays."""
    found = await _set_on(admin, wanted)
    changed = [name for name, values in wanted.items() if not values.items() <= found[name].items()]
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, found[name] | wanted[name]) for name in changed]
    for answer in await admin.alter_configs(resources) if resources else ():
        for code, message, _, name in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {message}")
    return changed


async def _set_on(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    for answer in await admin.describe_configs(resources) if resources else ():
        for _, _, _, name, entries in answer.resources:
            found[name] = {entry[0]: entry[1] for entry in entries if entry[3] == _SET_ON_THE_TOPIC}
    return found


async def _is_behind(settings: KafkaSettings, topic: str, partitions: int, group: str) -> bool:
    """Asks in the group's name, without joining it."""
    all_of_it = [TopicPartition(topic, each) for each in range(partitions)]
    consumer = AIOKafkaConsumer(**settings.connection(), group_id=group, enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign(all_of_it)
        ends = await consumer.end_offsets(all_of_it)
        return any([(await consumer.committed(each) or 0) < ends[each] for each in all_of_it])
    finally:
        await consumer.stop()


def _partitions(settings: KafkaSettings, name: str) -> int:
    return 1 if name == DEAD_LETTERS else settings.partitions


def _topic(settings: KafkaSettings, name: str) -> NewTopic:
    return NewTopic(
        name, _partitions(settings, name), settings.replicas, topic_configs=_kept(settings, name, settings.replicas)
    )


def _kept(settings: KafkaSettings, name: str, replicas: int) -> dict[str, str]:
    """Segments close within a day, as only what is closed goes. One of several replicas may be lost."""
    retention_ms = settings.retention_hours * _HOUR_MS
    common: dict[str, Any] = {
        "min.insync.replicas": max(1, replicas - 1),
        "segment.ms": min(retention_ms, _DAY_MS),
    }
    if name == DEAD_LETTERS:
        own = {"cleanup.policy": "compact", "max.compaction.lag.ms": retention_ms}
    else:
        own = {"cleanup.policy": "delete", "retention.ms": retention_ms}
    return {name: str(value) for name, value in (common | own).items()}
