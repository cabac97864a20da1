"""The workers as processes: what each runs until it is told to stop."""

import asyncio
import os
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from hospital.components.building import House
from hospital.components.needs import check_database, reach_broker
from hospital.domains import NAMES, Domain
from hospital.measures import lags_of, mail_of, outbox_of
from hospital.problems import CannotDo
from hospital.sending import email_of, sms_of
from hospital.settings import read_kafka_settings, read_sending_settings
from hospital.timetable import jobs, prune_published
from router.entrypoints.metrics import Measure
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.notifications.app import NotificationsDomain
from subgraphs.notifications.rules import Channel
from workers.consumer import Consumer
from workers.contract import CONTRACT
from workers.draining import Runner
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.saying import say_less
from workers.kafka.settings import ORDINAL, KafkaSettings
from workers.kafka.source import KafkaSource
from workers.relay import Relay
from workers.timers import Timers

WORKERS = ("relay", "copies", "audit-trail", "email", "sms", "timers")
"""None of them is named as a domain is."""

_POLL_SECONDS = 0.05
"""A sender alone hears no bell: who queues its messages is another process."""

_FINISHED_WITHIN_SECONDS = 30.0
"""A mail or a job in hand."""

Need: TypeAlias = Callable[[], Awaitable[None]]
Closing: TypeAlias = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Worker:
    """What is asked for first, what then runs, and what is closed when all of that has ended."""

    runners: Sequence[Runner]
    closing: Sequence[Closing]
    needs: Sequence[Need]
    """Each raises CannotDo where something is not there."""

    databases: Mapping[str, Database]
    """By domain: what it works on, and is not ready without."""

    measures: Mapping[str, Measure] = field(default_factory=dict)
    drained_within_seconds: float = 8.0
    """What still runs then is cancelled: a broker that is away hears no stop, and what waits for it does not either."""


def worker(house: House, name: str, ordinal: str | None) -> Worker:
    """`ordinal` is that of the settings where none is given. Raises CannotDo."""
    builders: dict[str, Callable[[], Worker]] = {
        "relay": lambda: _relay(house, ordinal),
        "copies": lambda: _consumers(house, [name for name in NAMES if name != "audit"], ordinal),
        "audit-trail": lambda: _consumers(house, ["audit"], ordinal),
        "email": lambda: _sender(house, Channel.EMAIL),
        "sms": lambda: _sender(house, Channel.SMS),
        "timers": lambda: _timers(house),
    }
    if name not in builders:
        raise CannotDo(f"There is no worker {name}: it is one of {', '.join(WORKERS)}.")
    if ordinal is not None and not re.fullmatch(ORDINAL, ordinal):
        raise CannotDo(f"--ordinal {ordinal}: it has 1 to 32 letters, digits, dots, hyphens and underscores.")
    say_less("aiokafka")
    return builders[name]()


def _relay(house: House, given: str | None) -> Worker:
    settings = read_kafka_settings()
    ordinal = given or settings.ordinal
    own = f"{socket.gethostname()}.{os.getpid()}.{ordinal}"[-64:]
    publisher = KafkaPublisher(settings, f"relay.{ordinal}")
    databases = {name: house.components.database(name) for name in NAMES}
    relays = [Relay(name, database, house.clock, publisher, own) for name, database in databases.items()]
    closing = [publisher.aclose, *(database.close for database in databases.values())]
    needs = [*_reachable(databases), _broker(settings, [topic_of(name) for name in NAMES])]
    outboxes = {f"outbox of {name}": outbox_of(name, each, house.clock) for name, each in databases.items()}
    return Worker(relays, closing, needs, databases, outboxes)


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
    databases = _databases(domains)
    needs = [*_reachable(databases), _broker(settings, topics)]
    lags = {"lags": lags_of([(subscriber.consumer, source) for subscriber, source in sources])}
    return Worker(consumers, [*closing, publisher.aclose, house.session.aclose], needs, databases, lags)


def _sender(house: House, channel: Channel) -> Worker:
    domain, sending, mailbox = house.domain("notifications"), read_sending_settings(), house.mailbox()
    assert isinstance(domain, NotificationsDomain)
    if channel is Channel.EMAIL:
        sender = email_of(domain.service, mailbox, sending.smtp, _POLL_SECONDS)
    else:
        sender = sms_of(domain.service, mailbox, sending.sms, _POLL_SECONDS)
    closing = [domain.base.database.close, mailbox.close, house.session.aclose]
    databases = _databases([domain])
    mail = {"mail": mail_of(domain.base)}
    return Worker([sender], closing, _reachable(databases), databases, mail, _FINISHED_WITHIN_SECONDS)


def _timers(house: House) -> Worker:
    domains = house.domains()
    timers = Timers(jobs(domains, prune_published(domains, read_kafka_settings())))
    databases = {base.name: base.database for base in domains.bases}
    closing, finished = [domains.close, house.session.aclose], _FINISHED_WITHIN_SECONDS
    return Worker([timers], closing, _reachable(databases), databases, drained_within_seconds=finished)


async def _close(sources: Sequence[KafkaSource]) -> None:
    """Side by side: each may wait for its broker."""
    await asyncio.gather(*(source.aclose() for source in sources))


def _databases(domains: Sequence[Domain]) -> dict[str, Database]:
    return {domain.base.name: domain.base.database for domain in domains}


def _broker(settings: KafkaSettings, topics: Sequence[str]) -> Need:
    return partial(reach_broker, settings, topics)


def _reachable(databases: Mapping[str, Database]) -> list[Need]:
    return [partial(check_database, name, database) for name, database in databases.items()]
