"""The way of an event over a real broker: relay, topic, consumer, inbox."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest

from subgraphs.kernel.inbox import Subscriber
from workers.consumer import Consumer
from workers.dead_letters import DeadLetters
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.source import KafkaSource
from workers.kafka.topics import make_topics
from workers.relay import Relay


@pytest.fixture
async def house(announcing, kitchen, settings, topic):
    """A domain with a name of its own, and its listener."""
    name = f"wards{uuid4().hex[:8]}"
    wards = await announcing(name)
    await topic(f"hospital.{name}")
    subscriber = Subscriber.once(
        f"kitchen{name}", (f"hospital.{name}",), kitchen.database, kitchen.clock, kitchen.handle
    )
    return name, wards, subscriber


def relay_of(house, publisher: KafkaPublisher) -> Relay:
    name, wards, _ = house
    return Relay(name, wards.database, wards.outbox.clock, publisher, "relay")


def consumer_of(house, settings, ordinal: str = "0") -> tuple[Consumer, KafkaSource]:
    name, _, subscriber = house
    source = KafkaSource(settings, subscriber.consumer, f"hospital.{name}", ordinal)
    return Consumer(subscriber, source, first_wait_seconds=0.01, longest_wait_seconds=0.05), source


async def until(check, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not await check():  # noqa: ASYNC110 (it looks into a database)
            await asyncio.sleep(0.02)


async def test_topics_are_made_once_with_what_the_settings_say(settings):
    names = [f"hospital.made{uuid4().hex[:8]}" for _ in range(2)]
    assert await make_topics(settings, names) == sorted(names)
    assert await make_topics(settings, names) == []


async def test_events_come_over_the_broker_in_the_order_of_their_key(house, publisher, settings, kitchen, running):
    _, wards, _ = house
    consumer, source = consumer_of(house, settings)
    for turn in range(20):
        for bed in ("a", "b", "c"):
            await wards.announce(bed, turn)
    async with running(relay_of(house, publisher), consumer):
        await until(lambda: _has(kitchen, 60))
    await source.aclose()
    heard = await kitchen.heard()
    for bed in ("a", "b", "c"):
        assert [what for what in heard if what[0] == bed] == [f"{bed}{turn}" for turn in range(20)]


async def test_what_was_not_committed_comes_again_and_has_its_effect_once(house, publisher, settings, kitchen, running):
    _, wards, _ = house
    for turn in range(10):
        await wards.announce("a", turn)
    relay = relay_of(house, publisher)
    await relay.turn()
    consumer, source = consumer_of(house, settings)
    batch = []
    while not batch:
        batch = await source.batch()
    await consumer._apply(batch[:4])
    await source.aclose()  # killed behind the effect and before the commit
    again, second = consumer_of(house, settings)
    async with running(again):
        await until(lambda: _has(kitchen, 10))
    await second.aclose()
    assert await kitchen.heard() == [f"a{turn}" for turn in range(10)]


async def test_a_commit_that_fails_gives_the_batch_again(house, publisher, settings, kitchen, running, monkeypatch):
    _, wards, _ = house
    for turn in range(5):
        await wards.announce("a", turn)
    await relay_of(house, publisher).turn()
    consumer, source = consumer_of(house, settings)
    commit, failures = source.commit, [ConnectionError("gone")] * 2

    async def fails(handled):
        if failures:
            raise failures.pop()
        await commit(handled)

    monkeypatch.setattr(source, "commit", fails)
    async with running(consumer):
        await until(lambda: _has(kitchen, 5))
        await until(lambda: _all_committed(source))
    await source.aclose()
    assert failures == []
    assert await kitchen.heard() == [f"a{turn}" for turn in range(5)]


async def _all_committed(source: KafkaSource) -> bool:
    consumer = source._consumer
    if consumer is None:
        return False
    reached = [await consumer.committed(partition) or 0 for partition in consumer.assignment()]
    return sum(reached) == 5


async def test_what_nobody_can_read_is_buried_at_once_and_stops_nothing(house, publisher, settings, kitchen, running):
    name, wards, subscriber = house
    consumer, source = consumer_of(house, settings)
    for body in (b"no json", b"\xff\xfe", b"{}", b"[]", b'{"specversion": "1.0"}', b""):
        await publisher.publish(f"hospital.{name}", [(b"a", body)])
    await wards.announce("a", 1)
    async with running(relay_of(house, publisher), consumer):
        await until(lambda: _has(kitchen, 1))
    await source.aclose()
    assert len(await DeadLetters((subscriber,)).waiting()) == 6


async def test_a_message_that_is_too_large_hinders_its_key_alone(house, publisher):
    name, _, _ = house
    small, large, other = (b"a", b"small"), (b"a", b"x" * 2_000_000), (b"b", b"small")
    hindered = await publisher.publish(f"hospital.{name}", [small, large, small, other])
    assert [error is None for error in hindered] == [True, False, False, True]


async def test_three_consumers_share_a_topic_and_a_dead_one_is_replaced(house, publisher, settings, kitchen, running):
    _, wards, _ = house
    consumers = [consumer_of(house, settings, str(ordinal)) for ordinal in range(3)]
    relay = relay_of(house, publisher)
    async with running(relay, *(consumer for consumer, _ in consumers[1:])):
        dying = asyncio.create_task(consumers[0][0].run())
        for turn in range(30):
            for bed in range(6):
                await wards.announce(f"{bed}.", turn)
            if turn == 15:
                dying.cancel()
                with suppress(asyncio.CancelledError):
                    await dying
                await consumers[0][1].aclose()
                replaced, source = consumer_of(house, settings, "0")
                consumers.append((replaced, source))
                task = asyncio.create_task(replaced.run())
            await asyncio.sleep(0.01)
        await until(lambda: _has(kitchen, 180), 60)
        replaced.stop()
        await task
    for _, source in consumers:
        await source.aclose()
    heard = await kitchen.heard()
    assert len(heard) == 180
    for bed in range(6):
        assert [what for what in heard if what.startswith(f"{bed}.")] == [f"{bed}.{turn}" for turn in range(30)]


async def _has(kitchen, count: int) -> bool:
    return len(await kitchen.heard()) >= count
