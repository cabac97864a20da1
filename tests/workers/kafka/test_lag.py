"""How far a consumer is behind on a topic of Kafka, and what became of messages."""

import asyncio

from prometheus_client import REGISTRY, generate_latest

from tests.scrape import Scrape
from tests.workers.conftest import BedMade
from tests.workers.heard import hears
from workers.consumer import Consumer
from workers.contract import Contract
from workers.kafka.source import KafkaSource
from workers.relay import Relay


def counted() -> Scrape:
    return Scrape.of(generate_latest(REGISTRY).decode())


async def test_a_consumer_is_behind_by_what_it_has_yet_to_handle(
    house, settings, dead_letters, publisher, running, eventually, kitchen
):
    name, wards, subscriber = house
    held = asyncio.Event()

    async def wait(what: str) -> None:
        await held.wait()

    kitchen.before = wait
    source = KafkaSource(settings, subscriber.consumer, f"hospital.{name}", "0", dead_letters)
    consumer = Consumer(subscriber, source, Contract({name: (BedMade,)}))
    relay = Relay(name, wards.database, kitchen.clock, publisher, "relay")
    for turn in range(5):
        await wards.announce("1", turn)

    async def is_behind() -> bool:
        return await source.lag() == 5

    async def has_caught_up() -> bool:
        return await source.lag() == 0

    async with running(relay, consumer):
        async with asyncio.timeout(30):
            while not await is_behind():  # noqa: ASYNC110 (it asks what the broker has said)
                await asyncio.sleep(0.05)
        held.set()
        await eventually(hears(kitchen, 5))
        await eventually(has_caught_up)
        handled = counted()
    await source.aclose()
    assert handled("hospital_messages_handled_total", consumer=subscriber.consumer, topic=f"hospital.{name}") == 5
    assert handled("hospital_events_published_total", domain=name) == 5
    assert handled("hospital_dead_letters_total", consumer=subscriber.consumer) == 0
