"""Events a second from an outbox to the broker, and from the broker into a database, each against a bare loop.

The bare loops send and read the same messages with the same client, and keep nothing: no outbox that is marked, no
inbox, no transaction.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from hospital.logs import LogSettings, configure_logs
from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.outbox import Outbox
from subgraphs.kernel.tables import InboxRow, OutboxRow
from subgraphs.patients.events import PatientRegistered
from tests.bench.verdicts import Round, Verdicts
from tests.services import kafka, mariadb
from tests.services.databases import OnServer
from workers.consumer import Consumer
from workers.contract import CONTRACT
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings
from workers.kafka.source import KafkaSource
from workers.kafka.topics import make_topics
from workers.relay import Relay

EVENTS, ROUNDS, AT_LEAST = 10_000, 5, 1 / 3
_DOMAIN, _TOPIC = "patients", "hospital.patients"
_AT_ONCE = 250

Message = tuple[bytes, bytes]


@dataclass(frozen=True)
class _Parts:
    settings: KafkaSettings
    patients: Database
    notifications: Database


async def compare_moving(scratch: Path, verdicts: Verdicts) -> None:
    print(f"\n{EVENTS:,} events from an outbox in MariaDB to Kafka, and from there into another database")
    relays: list[Round] = []
    consumers: list[Round] = []
    for number in range(ROUNDS):
        async with _parts(scratch / str(number)) as parts:
            messages = await _written(parts.patients)
            relays.append(Round(await _relayed(parts), await _sent(parts.settings, messages)))
            consumers.append(Round(await _consumed(parts), await _read(parts.settings)))
    _judge("the relay", relays, verdicts)
    _judge("a consumer", consumers, verdicts)


@asynccontextmanager
async def _parts(scratch: Path) -> AsyncIterator[_Parts]:
    with ExitStack() as servers:
        for name in ("moving", "moved"):
            (scratch / name).mkdir(parents=True)
        server = servers.enter_context(mariadb.running(scratch / "moving"))
        broker = servers.enter_context(kafka.broker(scratch / "moved", options=()))
        settings = KafkaSettings(HOSPITAL_KAFKA=broker.address)
        await make_topics(settings, [_TOPIC, DEAD_LETTERS])
        databases = OnServer(server.url())
        async with databases.migrated(_DOMAIN) as patients, databases.migrated("notifications") as notifications:
            yield _Parts(settings, patients, notifications)


async def _written(database: Database) -> list[Message]:
    """Events in the outbox, and the same as messages."""
    outbox = Outbox(_DOMAIN, SystemClock())

    def event() -> PatientRegistered:
        return PatientRegistered(patient_id=new_id(), version=1, name="Huzaifa", email="huzaifa@example.com")

    async def work(session: AsyncSession) -> None:
        for _ in range(_AT_ONCE):
            outbox.record(session, event(), Actor())

    for _ in range(EVENTS // _AT_ONCE):
        await database.transaction(work)
    async with database.reading() as session:
        bodies = (await session.exec(select(OutboxRow.body))).all()
    return [(orjson.loads(body)["subject"].encode(), body.encode()) for body in bodies]


async def _relayed(parts: _Parts) -> float:
    """Events a second."""
    publisher = KafkaPublisher(parts.settings, "bench")
    relay = Relay(_DOMAIN, parts.patients, SystemClock(), publisher, "bench")
    waiting = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.published_at).is_(None))
    began = time.perf_counter()
    running = asyncio.create_task(relay.run())
    await _until(parts.patients, waiting, 0)
    spent = time.perf_counter() - began
    relay.stop()
    await running
    await publisher.aclose()
    return EVENTS / spent


async def _sent(settings: KafkaSettings, messages: list[Message]) -> float:
    producer = AIOKafkaProducer(**settings.connection(), enable_idempotence=True, acks="all", max_batch_size=131_072)
    began = time.perf_counter()
    await producer.start()
    taken = [await producer.send(_TOPIC, body, key=key) for key, body in messages]
    await asyncio.gather(*taken)
    spent = time.perf_counter() - began
    await producer.stop()
    return len(messages) / spent


async def _consumed(parts: _Parts) -> float:
    """By a consumer with an inbox whose effect is nothing more. Events a second, of all that is on the topic."""
    publisher = KafkaPublisher(parts.settings, "bench")
    letters = DeadLetterTopic(parts.settings, SystemClock(), publisher)
    subscriber = Subscriber.once("bench", (_TOPIC,), parts.notifications, SystemClock(), _nothing)
    source = KafkaSource(parts.settings, subscriber.consumer, _TOPIC, "0", letters)
    consumer = Consumer(subscriber, source, CONTRACT)
    began = time.perf_counter()
    running = asyncio.create_task(consumer.run())
    await _until(parts.notifications, select(func.count()).select_from(InboxRow), EVENTS)
    spent = time.perf_counter() - began
    consumer.stop()
    await running
    await source.aclose()
    await publisher.aclose()
    return EVENTS / spent


async def _nothing(session: AsyncSession, message: Envelope) -> None:
    return None


async def _read(settings: KafkaSettings) -> float:
    """As long as it takes to have that many, read as JSON and committed lot by lot."""
    consumer = AIOKafkaConsumer(
        _TOPIC, **settings.connection(), group_id="bare", enable_auto_commit=False, auto_offset_reset="earliest"
    )
    began, read = time.perf_counter(), 0
    await consumer.start()
    while read < EVENTS:
        for records in (await consumer.getmany(timeout_ms=1000, max_records=100)).values():
            read += len([orjson.loads(record.value) for record in records])
        await consumer.commit()
    spent = time.perf_counter() - began
    await consumer.stop()
    return read / spent


async def _until(database: Database, counting: SelectOfScalar[int], number: int) -> None:
    while True:
        async with database.reading() as session:
            if (await session.exec(counting)).one() == number:
                return
        await asyncio.sleep(0.02)


def _judge(what: str, rounds: Sequence[Round], verdicts: Verdicts) -> None:
    """By the middle round."""
    worst, *_, best = ordered = sorted(rounds, key=lambda each: each.ratio)
    middle = ordered[len(ordered) // 2]
    measured = f"{what}: {middle.ours:,.0f} a second, a bare loop {middle.theirs:,.0f}: {middle.ratio:.2f} of it"
    verdicts.at_least(f"{measured} ({worst.ratio:.2f} to {best.ratio:.2f})", middle.ratio, AT_LEAST)


if __name__ == "__main__":
    configure_logs(LogSettings(level="warning"))
    found = Verdicts()
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(compare_moving(Path(made), found))
    sys.exit(1 if found.broken else 0)
