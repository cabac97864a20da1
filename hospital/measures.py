"""What Prometheus is told of what waits: in outboxes, before consumers, as dead letters; and of pools."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import Executable, bindparam, func, select
from sqlalchemy.pool import QueuePool
from sqlmodel import col

from router.entrypoints.metrics import Measure
from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.rows import run
from subgraphs.kernel.tables import DeadLetterRow, OutboxRow
from workers.outbox_source import OutboxFeed, OutboxSource

_UNPUBLISHED = select(func.count(), func.min(OutboxRow.recorded_at)).where(col(OutboxRow.published_at).is_(None))
_OLDEST_BEHIND = (
    select(col(OutboxRow.recorded_at))
    .where(col(OutboxRow.sequence) > bindparam("position"))
    .order_by(col(OutboxRow.sequence))
    .limit(1)
)
_DEAD = (
    select(col(DeadLetterRow.consumer), col(DeadLetterRow.topic), func.count())
    .where(col(DeadLetterRow.replayed_at).is_(None))
    .group_by(col(DeadLetterRow.consumer), col(DeadLetterRow.topic))
)


class Lagging(Protocol):
    """The place of a consumer in a topic of the broker."""

    topic: str

    async def lag(self) -> int: ...


def outbox_of(domain: str, database: Database, clock: Clock) -> Measure:
    """Where a relay publishes it."""

    async def measure() -> Iterable[Metric]:
        [(number, oldest)] = await rows_of(database, _UNPUBLISHED)
        return _outboxes({domain: (number, age_of(clock, oldest))})

    return measure


def outboxes_read(feeds: Sequence[OutboxFeed], sources: Sequence[OutboxSource], clock: Clock) -> Measure:
    """Where consumers read them themselves: what the slowest of a domain's has yet to read, and the lag of each."""

    async def measure() -> Iterable[Metric]:
        lags: dict[tuple[str, str], int] = {}
        waiting: dict[str, tuple[int, float]] = {}
        for feed in feeds:
            end, domain = await feed.end(), feed.topic.removeprefix("hospital.")
            reading = [source for source in sources if source.feed is feed]
            places = {source.subscriber.consumer: await source.position() for source in reading}
            lags |= {(consumer, feed.topic): max(0, end - place) for consumer, place in places.items()}
            slowest = min(places.values(), default=end)
            rows = await rows_of(feed.database, _OLDEST_BEHIND, {"position": slowest})
            waiting[domain] = (max(0, end - slowest), age_of(clock, rows[0][0] if rows else None))
        return [*_outboxes(waiting), _lags(lags)]

    return measure


def lags_of(sources: Sequence[tuple[str, Lagging]]) -> Measure:
    """`sources`: each with its consumer's name."""

    async def measure() -> Iterable[Metric]:
        return [_lags({(consumer, source.topic): await source.lag() for consumer, source in sources})]

    return measure


def dead_letters_of(databases: Sequence[Database]) -> Measure:
    """Where they are kept in the domains' databases."""

    async def measure() -> Iterable[Metric]:
        metric = GaugeMetricFamily(
            "hospital_dead_letters_waiting",
            "Messages that could not be handled and wait to be retried, by consumer.",
            labels=["consumer", "topic"],
        )
        for database in databases:
            for consumer, topic, number in await rows_of(database, _DEAD):
                metric.add_metric([consumer, topic], number)
        return [metric]

    return measure


def pools_of(databases: Mapping[str, Database]) -> Measure:
    """By domain."""

    async def measure() -> Iterable[Metric]:
        used = GaugeMetricFamily(
            "hospital_pool_connections_used", "Connections to the database in use.", labels=["domain", "pool"]
        )
        size = GaugeMetricFamily(
            "hospital_pool_connections_limit", "Connections that the pool opens at the most.", labels=["domain", "pool"]
        )
        for domain, database in databases.items():
            for name, pool in database.pools().items():
                assert isinstance(pool, QueuePool)
                used.add_metric([domain, name], pool.checkedout())
                size.add_metric([domain, name], pool.size() + pool._max_overflow)
        return [used, size]

    return measure


def _outboxes(waiting: Mapping[str, tuple[int, float]]) -> Iterable[Metric]:
    depth = GaugeMetricFamily(
        "hospital_outbox_waiting", "Events in the outbox that somebody has yet to be told.", labels=["domain"]
    )
    age = GaugeMetricFamily("hospital_outbox_oldest_seconds", "Age of the oldest of these.", labels=["domain"])
    for domain, (number, seconds) in waiting.items():
        depth.add_metric([domain], number)
        age.add_metric([domain], seconds)
    return [depth, age]


def _lags(lags: Mapping[tuple[str, str], int]) -> Metric:
    metric = GaugeMetricFamily(
        "hospital_consumer_lag", "Messages of a topic that a consumer has yet to handle.", labels=["consumer", "topic"]
    )
    for (consumer, topic), number in lags.items():
        metric.add_metric([consumer, topic], number)
    return metric


def age_of(clock: Clock, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (clock.now() - since).total_seconds())


async def rows_of(database: Database, statement: Executable, parameters: Mapping[str, Any] | None = None) -> Any:
    async with database.reading() as session:
        return (await run(session, statement, parameters or {})).all()
