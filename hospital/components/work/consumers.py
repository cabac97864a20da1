"""The workers that read the broker: for the copies that domains keep, and for the audit trail."""

import asyncio
from collections.abc import Sequence
from functools import partial

from hospital.components.building import House
from hospital.components.reaching import broker_with
from hospital.components.workers import Closing, Worker, databases_of, reachable
from hospital.measures import lags_of
from hospital.names import NAMES
from hospital.settings import read_kafka_settings
from workers.consumer import Consumer
from workers.contract import CONTRACT
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.source import KafkaSource


def copies(house: House, given: str | None) -> Worker:
    return _consumers(house, [name for name in NAMES if name != "audit"], given)


def audit_trail(house: House, given: str | None) -> Worker:
    return _consumers(house, ["audit"], given)


def _consumers(house: House, names: Sequence[str], given: str | None) -> Worker:
    settings = read_kafka_settings()
    ordinal = given or settings.ordinal
    domains = [house.domain(name) for name in names]
    pairs = [(each, topic) for domain in domains for each in domain.subscribers for topic in each.topics]
    publisher = KafkaPublisher(settings, f"dead-letters.{ordinal}")
    letters = DeadLetterTopic(settings, house.clock, publisher)
    sources = [(each, KafkaSource(settings, each.consumer, topic, ordinal, letters)) for each, topic in pairs]
    consumers = [Consumer(subscriber, source, CONTRACT) for subscriber, source in sources]
    closing: list[Closing] = [partial(_close, [source for _, source in sources])]
    closing += [domain.base.database.close for domain in domains]
    topics = [*(source.topic for _, source in sources), DEAD_LETTERS]
    databases = databases_of(domains)
    needs = [*reachable(databases), broker_with(settings, topics)]
    lags = {"lags": lags_of([(subscriber.consumer, source) for subscriber, source in sources])}
    return Worker(consumers, [*closing, publisher.aclose, house.session.aclose], needs, databases, lags)


async def _close(sources: Sequence[KafkaSource]) -> None:
    """Side by side: each may wait for its broker."""
    await asyncio.gather(*(source.aclose() for source in sources))
