"""One real broker for these tests; their topics have names of their own each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import pytest

from subgraphs.kernel.inbox import Subscriber
from tests.workers.conftest import BedMade, Kitchen, Wards
from workers.consumer import Consumer
from workers.contract import Contract
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings
from workers.kafka.source import KafkaSource
from workers.kafka.topics import make_topics
from workers.relay import Relay


@pytest.fixture
def settings(broker_address: str, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("HOSPITAL_KAFKA", broker_address)
    monkeypatch.setenv("HOSPITAL_KAFKA_PARTITIONS", "3")
    return KafkaSettings()


@pytest.fixture
def topic(settings: KafkaSettings) -> Callable[[str], Awaitable[str]]:
    async def make(name: str) -> str:
        await make_topics(settings, [name, DEAD_LETTERS])
        return name

    return make


@pytest.fixture
async def publisher(settings: KafkaSettings) -> AsyncIterator[KafkaPublisher]:
    opened = KafkaPublisher(settings, "test")
    yield opened
    await opened.aclose()


@pytest.fixture
def dead_letters(settings: KafkaSettings, clock, publisher: KafkaPublisher) -> DeadLetterTopic:
    return DeadLetterTopic(settings, clock, publisher)


def own_name() -> str:
    return f"wards{uuid4().hex[:8]}"


def house_of(name: str, wards: Wards, kitchen: Kitchen) -> tuple[str, Wards, Subscriber]:
    topic = f"hospital.{name}"
    return name, wards, Subscriber.once(f"kitchen{name}", (topic,), kitchen.database, kitchen.clock, kitchen.handle)


def consumer_over(house, source: KafkaSource, **options) -> Consumer:
    name, _, subscriber = house
    waits = {"first_wait_seconds": 0.01, "longest_wait_seconds": 0.05}
    return Consumer(subscriber, source, Contract({name: (BedMade,)}), **waits | options)


@pytest.fixture
async def house(announcing, kitchen, topic):
    """A domain with a name of its own, and its listener."""
    name = own_name()
    await topic(f"hospital.{name}")
    return house_of(name, await announcing(name), kitchen)


@pytest.fixture
async def consumer_of(house, settings, dead_letters):
    made: list[KafkaSource] = []

    def make(ordinal: str = "0", **options) -> tuple[Consumer, KafkaSource]:
        name, _, subscriber = house
        made.append(KafkaSource(settings, subscriber.consumer, f"hospital.{name}", ordinal, dead_letters))
        return consumer_over(house, made[-1], **options), made[-1]

    yield make
    for source in made:
        await source.aclose()


def relay_of(house, publisher: KafkaPublisher, name: str = "relay") -> Relay:
    domain, wards, _ = house
    return Relay(domain, wards.database, wards.outbox.clock, publisher, name)


async def until(check, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 (it looks into a database)
            await asyncio.sleep(0.02)


async def has(kitchen, count: int) -> bool:
    return len(await kitchen.heard()) >= count
