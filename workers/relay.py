"""Putting the events of an outbox on the broker: in order within a shard, marked when the broker has them.

Each turn publishes what waits in the shards that this relay holds. A row that the broker does not take stops its shard,
and no other, until it is taken.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson
import structlog
from sqlalchemy import bindparam, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database
from subgraphs.kernel.events import topic_of
from subgraphs.kernel.rows import read, run, table_of
from subgraphs.kernel.tables import OutboxRow
from workers.failures import named
from workers.leases import LEASE, Leases
from workers.metrics import PUBLISHED
from workers.pauses import BackOff, pause

_LOT = 500
_POLL_SECONDS = 0.05
_GIVEN_BACK_WITHIN_SECONDS = 3.0
_RENEW_SECONDS = LEASE.total_seconds() / 4
_WAITING = (
    select(col(OutboxRow.sequence), col(OutboxRow.shard), col(OutboxRow.body))
    .where(
        col(OutboxRow.published_at).is_(None),
        col(OutboxRow.shard).in_(bindparam("shards", expanding=True)),
        col(OutboxRow.sequence) > bindparam("behind"),
    )
    .order_by(col(OutboxRow.sequence))
    .limit(bindparam("limit"))
)
_MARK = (
    update(table_of(OutboxRow))
    .where(col(OutboxRow.sequence).in_(bindparam("sequences", expanding=True)))
    .values(published_at=bindparam("at"))
)

log = structlog.get_logger(__name__)


class Publisher(Protocol):
    async def publish(self, topic: str, messages: Sequence[tuple[bytes, bytes]]) -> list[BaseException | None]:
        """Sends pairs of key and body, in order; for each what hindered it, or None when the broker has it for good."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    sequence: int
    shard: int
    body: str

    @property
    def message(self) -> tuple[bytes, bytes]:
        return str(orjson.loads(self.body)["subject"]).encode(), self.body.encode()


class Relay:
    """Of one domain's outbox."""

    def __init__(self, domain: str, database: Database, clock: Clock, publisher: Publisher, name: str) -> None:
        self._topic, self._database, self._clock, self._publisher = topic_of(domain), database, clock, publisher
        self._leases = Leases(database, clock, name)
        self._shards: frozenset[int] = frozenset()
        self._renew_at = 0.0
        self._stopped_until: dict[int, float] = {}
        self._back_offs: dict[int, BackOff] = defaultdict(lambda: BackOff(0.2, 30.0))
        self._stopping = asyncio.Event()
        self._log, self._published_total = log.bind(domain=domain), PUBLISHED.labels(domain)

    async def run(self) -> None:
        """Until `stop`, or cancelled: what was not marked then is published again, by whoever holds its shard next."""
        try:
            await self._turns()
        finally:
            await self._give_back()

    async def _turns(self) -> None:
        back_off = BackOff(0.1, 10.0)
        while not self._stopping.is_set():
            try:
                more = await self.turn()
                back_off.reset()
                if not more:
                    await pause(self._stopping, _POLL_SECONDS)
            except Exception as error:
                self._log.warning("relay.failed", error=named(error), failures=back_off.failures + 1)
                await pause(self._stopping, back_off.next_seconds())

    async def _give_back(self) -> None:
        """Where the database does not answer, the leases run out."""
        try:
            async with asyncio.timeout(_GIVEN_BACK_WITHIN_SECONDS):
                await self._leases.give_back()
        except Exception as error:
            self._log.warning("relay.leases_run_out", error=named(error))

    def stop(self) -> None:
        self._stopping.set()

    async def turn(self) -> bool:
        """Publishes what waits; whether there may be more at once."""
        now = asyncio.get_running_loop().time()
        if now >= self._renew_at:
            self._shards, self._renew_at = await self._leases.renew(), now + _RENEW_SECONDS
        shards = [shard for shard in self._shards if self._stopped_until.get(shard, 0) <= now]
        rows, gone = await self._waiting(shards), list[int]()
        while len(rows) == _LOT and asyncio.get_running_loop().time() < self._renew_at:
            following, gone = await self._published_and_read(rows, gone, shards)
            if len(gone) < len(rows):
                await self._mark(gone)
                return False
            rows = following
        await self._mark(gone)
        gone = await self._published(rows)
        await self._mark(gone)
        return len(gone) == _LOT

    async def _published_and_read(
        self, rows: Sequence[Waiting], before: Sequence[int], shards: Collection[int]
    ) -> tuple[list[Waiting], list[int]]:
        """While a lot is on its way to the broker, the lot before it is marked and the next one is read."""
        async with asyncio.TaskGroup() as beside:
            beside.create_task(self._mark(before))
            reading = beside.create_task(self._waiting(shards, rows[-1].sequence))
            gone = await self._published(rows)
        return reading.result(), gone

    async def _published(self, rows: Sequence[Waiting]) -> list[int]:
        """The rows that may be marked."""
        if not rows:
            return []
        return self._gone(rows, await self._publisher.publish(self._topic, [row.message for row in rows]))

    async def _waiting(self, shards: Collection[int], behind: int = 0) -> list[Waiting]:
        if not shards:
            return []
        async with self._database.reading() as session:
            rows = await read(session, _WAITING, {"shards": list(shards), "behind": behind, "limit": _LOT})
        return [Waiting(row.sequence, row.shard, row.body) for row in rows]

    def _gone(self, rows: Sequence[Waiting], hindered: Sequence[BaseException | None]) -> list[int]:
        """The rows that may be marked: in each shard those before the first that was hindered."""
        stopped: set[int] = set()
        gone = []
        for row, error in zip(rows, hindered, strict=True):
            if row.shard in stopped:
                continue
            if error is None:
                gone.append(row.sequence)
            else:
                stopped.add(row.shard)
                self._stop(row, error)
        for shard in {row.shard for row in rows} - stopped:
            self._back_offs.pop(shard, None)
        return gone

    def _stop(self, row: Waiting, error: BaseException) -> None:
        back_off = self._back_offs[row.shard]
        seconds = back_off.next_seconds()
        self._stopped_until[row.shard] = asyncio.get_running_loop().time() + seconds
        self._log.error(
            "relay.shard_stopped", shard=row.shard, sequence=row.sequence, error=error, failures=back_off.failures
        )

    async def _mark(self, sequences: Sequence[int]) -> None:
        if not sequences:
            return

        async def work(session: AsyncSession) -> None:
            await run(session, _MARK, {"sequences": list(sequences), "at": self._clock.now()})

        await self._database.transaction(work)
        self._published_total.inc(len(sequences))
