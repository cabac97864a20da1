"""Sharing the shards of an outbox among relays that do not know each other: each holds some, for a time.

Two that hold a shard at once, because a clock is wrong or one of them stood still, only publish twice: what is marked
was published before, so whoever goes on behind it keeps the order. What lies further ahead than any lease may was
written by a clock that was wrong, and counts for nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.database import Database, Race
from subgraphs.kernel.events import SHARDS
from subgraphs.kernel.rows import read_rows, run, select_rows, table_of
from subgraphs.kernel.tables import RelayLeaseRow, RelayRow

LEASE = timedelta(seconds=10)
_AHEAD_AT_MOST = 2 * LEASE

_LEASES, _RELAYS = select_rows(RelayLeaseRow), select_rows(RelayRow)
_ALIVE = update(table_of(RelayRow)).where(col(RelayRow.name) == bindparam("of")).values(alive_until=bindparam("until"))
_GONE = delete(table_of(RelayRow)).where(
    (col(RelayRow.name) == bindparam("of"))
    | (col(RelayRow.alive_until) < bindparam("now"))
    | (col(RelayRow.alive_until) > bindparam("ahead"))
)
_TAKE = (
    update(table_of(RelayLeaseRow))
    .where(
        col(RelayLeaseRow.shard) == bindparam("of"),
        col(RelayLeaseRow.holder).in_([bindparam("by"), ""])
        | (col(RelayLeaseRow.held_until) < bindparam("now"))
        | (col(RelayLeaseRow.held_until) > bindparam("ahead")),
    )
    .values(holder=bindparam("by"), held_until=bindparam("until"))
)
_LET_GO = (
    update(table_of(RelayLeaseRow))
    .where(
        col(RelayLeaseRow.holder) == bindparam("by"), col(RelayLeaseRow.shard).in_(bindparam("shards", expanding=True))
    )
    .values(holder="", held_until=bindparam("now"))
)


class Leases:
    """Of the relay `name` on the shards of one outbox."""

    def __init__(self, database: Database, clock: Clock, name: str) -> None:
        self._database, self._clock, self._name = database, clock, name

    async def renew(self) -> frozenset[int]:
        """The shards that are ours for LEASE: a fair share, less where others have not let go of theirs yet."""
        return frozenset(await self._database.transaction(self._renewed))

    async def give_back(self) -> None:
        """At the end: others need not wait for the leases to run out."""

        async def work(session: AsyncSession) -> None:
            now = self._clock.now()
            await self._let_go(session, range(SHARDS), now)
            await run(session, _GONE, {"of": self._name, "now": now - LEASE, "ahead": now + _AHEAD_AT_MOST})

        await self._database.transaction(work)

    async def _renewed(self, session: AsyncSession) -> list[int]:
        now = self._clock.now()
        share = ceil(SHARDS / await self._relays(session, now))
        rows = await self._rows(session, now)
        ours = [row.shard for row in rows if row.holder == self._name]
        free = [row.shard for row in rows if row.holder != self._name and not _is_held(row, now)]
        await self._let_go(session, ours[share:], now)
        return [shard for shard in (ours + free)[:share] if await self._taken(session, shard, now)]

    async def _relays(self, session: AsyncSession, now: datetime) -> int:
        """How many are at work, with this one."""
        until = {"of": self._name, "until": now + LEASE}
        if (await run(session, _ALIVE, until)).rowcount == 0:
            await _added(session, RelayRow, [{"name": self._name, "alive_until": now + LEASE}])
        return sum(_is_ahead(row.alive_until, now) for row in await read_rows(session, RelayRow, _RELAYS, {}))

    async def _rows(self, session: AsyncSession, now: datetime) -> Sequence[RelayLeaseRow]:
        rows = await read_rows(session, RelayLeaseRow, _LEASES, {})
        missing = set(range(SHARDS)) - {row.shard for row in rows}
        if not missing:
            return rows
        await _added(session, RelayLeaseRow, [{"shard": n, "holder": "", "held_until": now} for n in missing])
        return await read_rows(session, RelayLeaseRow, _LEASES, {})

    async def _taken(self, session: AsyncSession, shard: int, now: datetime) -> bool:
        given = {"of": shard, "by": self._name, "now": now, "until": now + LEASE, "ahead": now + _AHEAD_AT_MOST}
        return (await run(session, _TAKE, given)).rowcount == 1

    async def _let_go(self, session: AsyncSession, shards: Collection[int], now: datetime) -> None:
        if shards:
            await run(session, _LET_GO, {"by": self._name, "shards": list(shards), "now": now})


def _is_held(row: RelayLeaseRow, now: datetime) -> bool:
    return bool(row.holder) and _is_ahead(row.held_until, now)


def _is_ahead(until: datetime, now: datetime) -> bool:
    """As far as a clock that is right can have put it."""
    return now <= until <= now + _AHEAD_AT_MOST


async def _added(
    session: AsyncSession, row_class: type[RelayRow | RelayLeaseRow], rows: list[dict[str, object]]
) -> None:
    try:
        await run(session, insert(table_of(row_class)), rows)
    except IntegrityError as error:
        raise Race from error
