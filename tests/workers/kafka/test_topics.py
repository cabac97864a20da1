"""Topics as the settings say."""

from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from tests.workers.kafka.conftest import has, relay_of, until
from workers.kafka.dead_letters import DEAD_LETTERS
from workers.kafka.settings import KafkaSettings
from workers.kafka.source import group_of
from workers.kafka.topics import ConsumersBehind, Topics, make_topics, raise_partitions


@pytest.fixture
def name() -> str:
    return f"hospital.made{uuid4().hex[:8]}"


async def seen(settings: KafkaSettings, name: str) -> tuple[int, dict[str, str]]:
    """How many partitions it has, and how it is kept."""
    admin = AIOKafkaAdminClient(**settings.connection())
    await admin.start()
    [topic] = await admin.describe_topics([name])
    [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    await admin.close()
    return len(topic["partitions"]), {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_they_are_made_once_with_what_the_settings_say(settings, monkeypatch, name):
    monkeypatch.setenv("HOSPITAL_KAFKA_RETENTION_HOURS", "100")
    assert await make_topics(KafkaSettings(), [name]) == Topics([name], [], {}, {})
    partitions, kept = await seen(settings, name)
    assert (partitions, kept["retention.ms"], kept["cleanup.policy"]) == (3, "360000000", "delete")
    assert kept["segment.ms"] == "86400000"
    assert await make_topics(KafkaSettings(), [name]) == Topics([], [], {}, {})


async def test_those_that_are_there_are_kept_as_long_as_the_settings_say_now(settings, monkeypatch, name):
    await make_topics(settings, [name])
    monkeypatch.setenv("HOSPITAL_KAFKA_RETENTION_HOURS", "12")
    assert await make_topics(KafkaSettings(), [name]) == Topics([], [name], {}, {})
    _, kept = await seen(settings, name)
    assert (kept["retention.ms"], kept["segment.ms"]) == ("43200000", "43200000")


async def test_other_replicas_than_asked_for_are_told_and_no_more_of_them_waited_for(settings, monkeypatch, name):
    await make_topics(settings, [name])
    monkeypatch.setenv("HOSPITAL_KAFKA_REPLICAS", "3")
    assert await make_topics(KafkaSettings(), [name]) == Topics([], [], {}, {name: 1})
    assert (await seen(settings, name))[1]["min.insync.replicas"] == "1"


async def test_dead_letters_have_one_partition_and_stay_until_they_are_handled(settings):
    await make_topics(settings, [DEAD_LETTERS])
    partitions, kept = await seen(settings, DEAD_LETTERS)
    assert (partitions, kept["cleanup.policy"]) == (1, "compact")


async def test_fewer_partitions_than_asked_for_are_told_and_raised_only_when_all_is_read(
    house, publisher, consumer_of, kitchen, running, settings, monkeypatch
):
    name, wards, subscriber = house
    topic, readers = f"hospital.{name}", {f"hospital.{name}": [group_of(subscriber.consumer, f"hospital.{name}")]}
    monkeypatch.setenv("HOSPITAL_KAFKA_PARTITIONS", "5")
    assert await make_topics(KafkaSettings(), [topic]) == Topics([], [], {topic: 3}, {})
    await wards.announce("a", 0)
    await relay_of(house, publisher).turn()
    with pytest.raises(ConsumersBehind):
        await raise_partitions(KafkaSettings(), readers)
    assert (await seen(settings, topic))[0] == 3
    consumer, source = consumer_of()
    async with running(consumer):
        await until(lambda: has(kitchen, 1))
        await until(lambda: _committed(source))
    assert await raise_partitions(KafkaSettings(), readers) == [topic]
    assert (await seen(settings, topic))[0] == 5
    assert await raise_partitions(KafkaSettings(), readers) == []


async def _committed(source) -> bool:
    return any([await source._consumer.committed(each) for each in source._consumer.assignment()])
