"""The workers as processes: what each runs until it is told to stop."""

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hospital.components.building import House
from hospital.domains import NAMES
from hospital.problems import CannotDo
from hospital.sending import email_of, sms_of
from hospital.settings import read_kafka_settings, read_sending_settings
from hospital.timetable import jobs, prune_published
from subgraphs.notifications.app import NotificationsDomain
from subgraphs.notifications.rules import Channel
from workers.consumer import Consumer
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.source import KafkaSource
from workers.relay import Relay
from workers.timers import Timers

WORKERS = ("relay", "copies", "audit", "email", "sms", "timers")


class Runner(Protocol):
    async def run(self) -> None: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Worker:
    """What runs, and what is closed when all of that has ended."""

    runners: Sequence[Runner]
    closing: Sequence[Callable[[], Awaitable[None]]]


def worker(house: House, name: str, ordinal: str) -> Worker:
    """`ordinal` tells those of one name apart, and is the same when one starts again. Raises CannotDo."""
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


def _relay(house: House, ordinal: str) -> Worker:
    own = f"{socket.gethostname()}.{os.getpid()}.{ordinal}"[-64:]
    publisher = KafkaPublisher(read_kafka_settings(), f"relay.{ordinal}")
    databases = {name: house.components.database(name) for name in NAMES}
    relays = [Relay(name, database, house.clock, publisher, own) for name, database in databases.items()]
    return Worker(relays, [publisher.aclose, *(database.close for database in databases.values())])


def _consumers(house: House, names: Sequence[str], ordinal: str) -> Worker:
    settings = read_kafka_settings()
    domains = [house.domain(name) for name in names]
    pairs = [(each, topic) for domain in domains for each in domain.subscribers for topic in each.topics]
    sources = [(each, KafkaSource(settings, each.consumer, topic, ordinal)) for each, topic in pairs]
    consumers = [Consumer(subscriber, source) for subscriber, source in sources]
    closing = [*(source.aclose for _, source in sources), *(domain.base.database.close for domain in domains)]
    return Worker(consumers, [*closing, house.session.aclose])


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
    return Worker([Timers(jobs(domains, prune_published(domains)))], [domains.close, house.session.aclose])
