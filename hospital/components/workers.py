"""The workers as processes: what each runs until it is told to stop."""

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from hospital.components.building import House
from hospital.domains import NAMES
from hospital.problems import CannotDo
from hospital.sending import email_of, sms_of
from hospital.settings import read_kafka_settings, read_sending_settings
from hospital.timetable import jobs, prune_published
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.notifications.app import NotificationsDomain
from subgraphs.notifications.rules import Channel
from workers.consumer import Consumer
from workers.contract import CONTRACT
from workers.kafka.checks import BrokerRefuses, check_broker
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings
from workers.kafka.source import KafkaSource
from workers.relay import Relay
from workers.timers import Timers

WORKERS = ("relay", "copies", "audit", "email", "sms", "timers")


class Runner(Protocol):
    async def run(self) -> None: ...

    def stop(self) -> None: ...


async def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Worker:
    """What runs, what is closed when all of that has ended, and what is looked at before (it raises CannotDo)."""

    runners: Sequence[Runner]
    closing: Sequence[Callable[[], Awaitable[None]]]
    check: Callable[[], Awaitable[None]] = _nothing


def worker(house: House, name: str, ordinal: str | None) -> Worker:
    """`ordinal` is that of the settings where none is given. Raises CannotDo."""
    builders: dict[str, Callable[[], Worker]] = {
        "relay": lambda: _relay(house, ordinal),
        "copies": lambda: _consumers(house, [name for name in NAMES if name != "audit"], ordinal),
        "audit": lambda: _consumers(house, ["audit"], ordinal),
        "email": lambda: _sender(house, Channel.EMAIL),
        "sms": lambda: _sender(house, Channel.SMS),
        "timers": lambda: _timers(house),
    }
    if name not in builders:
        raise CannotDo(f"There is no worker {name}: it is one of {', '.join(WORKERS)}.")
    return builders[name]()


def _relay(house: House, given: str | None) -> Worker:
    settings = read_kafka_settings()
    ordinal = given or settings.ordinal
    own = f"{socket.gethostname()}.{os.getpid()}.{ordinal}"[-64:]
    publisher = KafkaPublisher(settings, f"relay.{ordinal}")
    databases = {name: Database(house.components.database_url(name)) for name in NAMES}
    relays = [Relay(name, database, house.clock, publisher, own) for name, database in databases.items()]
    closing = [publisher.aclose, *(database.close for database in databases.values())]
    return Worker(relays, closing, partial(_check, settings, [topic_of(name) for name in NAMES]))


def _consumers(house: House, names: Sequence[str], given: str | None) -> Worker:
    settings = read_kafka_settings()
    ordinal = given or settings.ordinal
    domains = [house.domain(name) for name in names]
    pairs = [(each, topic) for domain in domains for each in domain.subscribers for topic in each.topics]
    publisher = KafkaPublisher(settings, f"dead-letters.{ordinal}")
    letters = DeadLetterTopic(settings, house.clock, publisher)
    sources = [(each, KafkaSource(settings, each.consumer, topic, ordinal, letters)) for each, topic in pairs]
    consumers = [Consumer(subscriber, source, CONTRACT) for subscriber, source in sources]
    closing = [*(source.aclose for _, source in sources), *(domain.base.database.close for domain in domains)]
    topics = [*(source.topic for _, source in sources), DEAD_LETTERS]
    return Worker(consumers, [*closing, publisher.aclose, house.session.aclose], partial(_check, settings, topics))


def _sender(house: House, channel: Channel) -> Worker:
    domain, sending, mailbox = house.domain("notifications"), read_sending_settings(), house.mailbox()
    assert isinstance(domain, NotificationsDomain)
    if channel is Channel.EMAIL:
        sender = email_of(domain.service, mailbox, sending.smtp)
    else:
        sender = sms_of(domain.service, mailbox, sending.sms)
    return Worker([sender], [domain.base.database.close, mailbox.close, house.session.aclose])


def _timers(house: House) -> Worker:
    domains = house.domains()
    prune = prune_published(domains, read_kafka_settings())
    return Worker([Timers(jobs(domains, prune))], [domains.close, house.session.aclose])


async def _check(settings: KafkaSettings, topics: Sequence[str]) -> None:
    try:
        await check_broker(settings, topics)
    except BrokerRefuses as refused:
        raise CannotDo(str(refused)) from None
