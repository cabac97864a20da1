"""A broker that is gone for a while, and relays that come and go: nothing is lost, and each key keeps its order."""

import asyncio
import signal
from collections import defaultdict
from contextlib import AsyncExitStack
from functools import partial

import orjson
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from sqlalchemy import func
from sqlmodel import select

from subgraphs.kernel.tables import OutboxRow
from tests.services import kafka
from tests.workers.conftest import kitchen_over, wards_over
from tests.workers.kafka.conftest import consumer_over, has, house_of, own_name, relay_of, until
from workers.draining import run_until
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.source import KafkaSource
from workers.leases import LEASE

BEDS, TURNS = 8, 20
NEVER_SECONDS = 60.0
"""Who waited for a broker that is gone would wait longer."""


@pytest.fixture(scope="module")
def broker(kafka_jars, tmp_path_factory):
    """One that may be killed."""
    with kafka.broker(tmp_path_factory.mktemp("kafka"), mortal=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def broker_address(broker) -> str:
    return broker.address


@pytest.fixture
async def houses(sqlite_databases, mysql_databases, clock, topic):
    """One over each kind of database, with its kitchen: a broker takes long to come back, and does so for both."""
    async with AsyncExitStack() as stack:
        made = []
        for databases in (sqlite_databases, mysql_databases):
            own, others = [await stack.enter_async_context(databases.migrated("kernel")) for _ in range(2)]
            kitchen, name = await kitchen_over(others, clock), own_name()
            await topic(f"hospital.{name}")
            made.append((house_of(name, wards_over(own, name, clock), kitchen), kitchen))
        yield made


async def announced(wards, turn: int) -> None:
    for bed in range(BEDS):
        await wards.announce(f"bed {bed}", turn)
    await asyncio.sleep(0.01)


async def published(house) -> bool:
    _, wards, _ = house
    async with wards.database.reading() as session:
        waiting = select(func.count()).select_from(OutboxRow).where(OutboxRow.published_at.is_(None))
        return (await session.exec(waiting)).one() == 0


async def on_the_topic(settings, name: str) -> dict[str, list[int]]:
    """By key the turns, each where it came first, in the order of its partition."""
    consumer = AIOKafkaConsumer(**settings.connection(), enable_auto_commit=False)
    await consumer.start()
    partitions = [TopicPartition(f"hospital.{name}", each) for each in range(settings.partitions)]
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends, found = await consumer.end_offsets(partitions), defaultdict(list)
    while any([await consumer.position(each) < ends[each] for each in partitions]):
        for records in (await consumer.getmany(timeout_ms=200)).values():
            for record in records:
                turn = orjson.loads(record.value)["data"]["turn"]
                if turn not in found[record.key.decode()]:
                    found[record.key.decode()].append(turn)
    await consumer.stop()
    return dict(found)


async def test_a_broker_that_is_gone_stops_no_transaction_and_gets_in_order_what_waited(
    broker, houses, publisher, settings, running
):
    async with running(*(relay_of(house, publisher) for house, _ in houses)):
        for turn in range(TURNS):
            if turn == TURNS // 4:
                broker.kill()
            for (_, wards, _), _ in houses:
                async with asyncio.timeout(NEVER_SECONDS):
                    await announced(wards, turn)
        assert [await published(house) for house, _ in houses] == [False, False]
        broker.begin()
        await asyncio.to_thread(broker.wait)
        for house, _ in houses:
            await until(partial(published, house), 90)
    for (name, _, _), _ in houses:
        assert await on_the_topic(settings, name) == {f"bed {bed}": list(range(TURNS)) for bed in range(BEDS)}


async def test_two_relays_and_a_killed_third_keep_the_order_of_each_key(house, publisher, settings, running):
    name, wards, _ = house
    own = [KafkaPublisher(settings, f"relay.{number}") for number in range(3)]
    relays = [relay_of(house, each, f"relay {number}") for number, each in enumerate(own)]
    killed = asyncio.create_task(relays[2].run())
    async with running(*relays[:2]):
        for turn in range(TURNS):
            await announced(wards, turn)
            if turn == TURNS // 2:
                killed.cancel()
                wards.outbox.clock.move(seconds=LEASE.total_seconds() + 1)
                for relay in relays[:2]:
                    relay._renew_at = 0.0
        await until(lambda: published(house), 60)
    for each in own:
        await each.aclose()
    assert await on_the_topic(settings, name) == {f"bed {bed}": list(range(TURNS)) for bed in range(BEDS)}


@pytest.mark.parametrize("gone", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_producer_whose_broker_is_gone_leaves_nothing_behind(broker, topic, settings, monkeypatch, gone):
    monkeypatch.setattr("workers.kafka.publisher._ANSWER_SECONDS", 3.0)
    name = await topic(f"hospital.{own_name()}")
    before, publisher = asyncio.all_tasks(), KafkaPublisher(settings, "relay")
    assert await publisher.publish(name, [(b"bed", b"made")]) == [None]
    with broker.away(gone):
        hindered = await publisher.publish(name, [(b"bed", b"%d" % turn) for turn in range(200)])
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == before
    assert all(hindered)


@pytest.mark.parametrize("gone", [signal.SIGKILL, signal.SIGSTOP])
async def test_workers_end_in_time_though_the_broker_is_away(broker, houses, settings, dead_letters, gone):
    before, publisher, stopping = asyncio.all_tasks(), KafkaPublisher(settings, "relay"), asyncio.Event()
    sources = [
        KafkaSource(settings, subscriber.consumer, f"hospital.{name}", "0", dead_letters)
        for (name, _, subscriber), _ in houses
    ]
    consumers = [consumer_over(house, source) for (house, _), source in zip(houses, sources, strict=True)]
    relays = [relay_of(house, publisher) for house, _ in houses]
    running = asyncio.create_task(run_until(stopping, [*relays, *consumers], 1.0))
    for (_, wards, _), kitchen in houses:
        await announced(wards, 0)
        await until(partial(has, kitchen, BEDS))
    with broker.away(gone):
        for (_, wards, _), _ in houses:
            await announced(wards, 1)
        stopping.set()
        async with asyncio.timeout(10):
            await running
            await asyncio.gather(*(source.aclose() for source in sources), publisher.aclose())
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == before
