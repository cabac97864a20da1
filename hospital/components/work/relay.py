"""The worker that puts every outbox on the broker."""

import os
import socket

from hospital.components.building import House
from hospital.components.reaching import broker_with
from hospital.components.workers import Worker, reachable
from hospital.measures import outbox_of
from hospital.names import NAMES
from hospital.settings import read_kafka_settings
from subgraphs.kernel.events import topic_of
from workers.kafka.publisher import KafkaPublisher
from workers.relay import Relay


def relay(house: House, given: str | None) -> Worker:
    settings = read_kafka_settings()
    ordinal = given or settings.ordinal
    own = f"{socket.gethostname()}.{os.getpid()}.{ordinal}"[-64:]
    publisher = KafkaPublisher(settings, f"relay.{ordinal}")
    databases = {name: house.components.database(name) for name in NAMES}
    relays = [Relay(name, database, house.clock, publisher, own) for name, database in databases.items()]
    closing = [publisher.aclose, *(database.close for database in databases.values())]
    needs = [*reachable(databases), broker_with(settings, [topic_of(name) for name in NAMES])]
    outboxes = {f"outbox of {name}": outbox_of(name, each, house.clock) for name, each in databases.items()}
    return Worker(relays, closing, needs, databases, outboxes)
