"""Statements on SQLite: how many hops they take to the thread and back, and what becomes of those put off."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import select

from subgraphs.kernel import sqlite
from subgraphs.kernel.database import Database
from subgraphs.kernel.rows import add_row, read, read_rows, run, run_unheard, select_rows, write_rows
from subgraphs.kernel.sqlite import Connection
from subgraphs.kernel.tables import InboxRow, PositionRow

pytestmark = pytest.mark.sqlite

_PUT = text("INSERT INTO positions (consumer, topic, position) VALUES (:consumer, 't', 1)")
_LONG = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :to) SELECT count(*) FROM n")
_NUMBERS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :to) SELECT i FROM n")


@pytest.fixture
async def hasty(base, monkeypatch) -> AsyncIterator[Database]:
    """Gives a locked file up after 20 ms."""
    monkeypatch.setattr(sqlite, "_PRAGMAS", (*sqlite._PRAGMAS, "busy_timeout=20"))
    database = Database(str(base.database.url))
    await database.transaction(lambda session: run(session, text("SELECT 1")))
    yield database
    await database.close()


@pytest.fixture
def other(hasty) -> Iterator[sqlite3.Connection]:
    """Another process, which holds the file."""
    with contextlib.closing(sqlite3.connect(hasty.url.database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


@pytest.fixture
async def hops(base, monkeypatch) -> list[str]:
    """The errands to the thread of a connection that is open already."""
    await base.database.transaction(lambda session: run(session, text("SELECT 1")))
    sent: list[str] = []
    go = Connection._execute

    async def note(self, errand, *rest, **options):
        sent.append(getattr(errand, "func", errand).__name__)
        return await go(self, errand, *rest, **options)

    monkeypatch.setattr(Connection, "_execute", note)
    return sent


async def test_what_is_brief_and_only_read_takes_no_hop(base, hops):
    async with base.database.reading() as session:
        await read(session, _LONG, {"to": 1})
    hops.clear()
    async with base.database.reading() as session:
        assert await read_rows(session, PositionRow, select_rows(PositionRow), {}) == []
    assert hops == []


async def test_what_is_brief_waits_in_the_queue_of_writers_where_it_is_part_of_a_transaction(base, hops):
    async def work(session) -> None:
        assert await read_rows(session, PositionRow, select_rows(PositionRow), {}) == []

    await base.database.transaction(work)
    assert hops == ["_whole", "_committed"]


async def test_two_who_read_by_two_statements_each_do_not_wait_for_each_other(base):
    """A statement of a session that has a connection already takes no other."""
    database = Database(str(base.database.url), readers=1)
    async with asyncio.timeout(5), database.reading() as session:
        await session.exec(select(PositionRow))
        assert await read_rows(session, PositionRow, select_rows(PositionRow), {}) == []
    await database.close()


async def test_what_nobody_waits_for_goes_with_the_commit(base, hops, count_of):
    async def work(session) -> None:
        await run_unheard(session, _PUT, {"consumer": "a"})
        add_row(session, PositionRow, consumer="b", topic="t", position=1)
        add_row(session, PositionRow, consumer="c", topic="t", position=1)

    await base.database.transaction(work)
    assert hops == ["_committed"]
    assert await count_of(PositionRow) == 3


async def test_what_was_put_off_is_there_for_the_next_statement(base, hops):
    async def work(session) -> list[str]:
        await run_unheard(session, _PUT, {"consumer": "a"})
        return list((await run(session, text("SELECT consumer FROM positions"))).scalars())

    assert await base.database.transaction(work) == ["a"]
    assert hops == ["_whole", "_committed"]


async def test_the_orm_sees_what_was_put_off(base):
    async def work(session) -> int:
        await run_unheard(session, _PUT, {"consumer": "a"})
        return len((await session.exec(select(PositionRow))).all())

    assert await base.database.transaction(work) == 1


async def test_what_was_put_off_and_fails_takes_the_transaction_with_it(base, count_of):
    async def work(session) -> None:
        await run_unheard(session, _PUT, {"consumer": "a"})
        await run_unheard(session, _PUT, {"consumer": "a"})

    with pytest.raises(IntegrityError):
        await base.database.transaction(work)
    assert await count_of(PositionRow) == 0
    await base.database.transaction(lambda session: run_unheard(session, _PUT, {"consumer": "b"}))
    assert await count_of(PositionRow) == 1


async def test_what_was_put_off_goes_with_the_transaction_that_fails(base, count_of):
    async def work(session) -> None:
        await run_unheard(session, _PUT, {"consumer": "a"})
        raise LookupError

    with pytest.raises(LookupError):
        await base.database.transaction(work)
    await base.database.transaction(lambda session: run_unheard(session, _PUT, {"consumer": "b"}))
    assert await count_of(PositionRow) == 1


async def test_rows_that_are_written_at_once_take_one_hop_and_fail_at_once(base, hops, count_of):
    async def work(session) -> None:
        add_row(session, PositionRow, consumer="a", topic="t", position=1)
        add_row(session, InboxRow, consumer="c", event_id="1", received_at=base.clock.now())
        await write_rows(session)
        assert hops == ["_whole"]
        add_row(session, PositionRow, consumer="a", topic="t", position=2)
        with pytest.raises(IntegrityError):
            await write_rows(session)
        raise LookupError

    with pytest.raises(LookupError):
        await base.database.transaction(work)
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (0, 0)


async def test_a_transaction_of_nothing_leaves_nothing_open(base):
    async def nothing(session) -> None:
        await session.connection()

    await base.database.transaction(nothing)

    async def work(session) -> bool:
        await run(session, text("SELECT 1"))
        raw = await (await session.connection()).get_raw_connection()
        return bool(raw.driver_connection.in_transaction)

    assert await base.database.transaction(work)
    async with base.database.reading() as session:
        raw = await (await session.connection()).get_raw_connection()
        await run(session, text("SELECT 1"))
        assert not raw.driver_connection.in_transaction


async def test_a_transaction_that_could_not_begin_cannot_be_gone_on_with(hasty, other, count_of):
    async def work(session) -> None:
        with pytest.raises(OperationalError, match="locked"):
            await run(session, _PUT, {"consumer": "a"})
        other.rollback()
        with pytest.raises(OperationalError, match="the transaction is lost"):
            await run(session, _PUT, {"consumer": "b"})

    with pytest.raises(OperationalError, match="the transaction is lost"):
        await hasty.transaction(work)
    assert await count_of(PositionRow) == 0
    await hasty.transaction(lambda session: run(session, _PUT, {"consumer": "c"}))
    assert await count_of(PositionRow) == 1


async def test_who_swallows_the_failure_of_what_was_put_off_commits_no_half(base, count_of):
    async def work(session) -> None:
        for consumer in ("a", "a", "b"):
            await run_unheard(session, _PUT, {"consumer": consumer})
        with pytest.raises(IntegrityError):
            await run(session, text("SELECT 1"))
        await run_unheard(session, _PUT, {"consumer": "c"})

    with pytest.raises(OperationalError, match="the transaction is lost"):
        await base.database.transaction(work)
    assert await count_of(PositionRow) == 0
    await base.database.transaction(lambda session: run(session, _PUT, {"consumer": "d"}))
    assert await count_of(PositionRow) == 1


async def test_a_statement_that_fails_itself_leaves_the_transaction_open(base, count_of):
    async def work(session) -> None:
        await run(session, _PUT, {"consumer": "a"})
        with pytest.raises(IntegrityError):
            await run(session, _PUT, {"consumer": "a"})

    await base.database.transaction(work)
    assert await count_of(PositionRow) == 1


async def test_the_failure_of_what_was_put_off_names_its_own_statement(base):
    async def work(session) -> None:
        await run(session, _PUT, {"consumer": "a"})
        await run_unheard(session, _PUT, {"consumer": "a"})
        await run(session, text("SELECT 1"))

    with pytest.raises(IntegrityError) as failed:
        await base.database.transaction(work)
    (note,) = failed.value.orig.__notes__
    assert "INSERT INTO positions" in note


async def test_what_was_put_off_goes_with_the_transaction_that_is_cancelled(base, count_of):
    waits = asyncio.Event()

    async def work(session) -> None:
        await run(session, _PUT, {"consumer": "a"})
        await run_unheard(session, _PUT, {"consumer": "b"})
        waits.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(base.database.transaction(work))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await base.database.transaction(lambda session: run_unheard(session, _PUT, {"consumer": "c"}))
    assert await count_of(PositionRow) == 1


async def test_a_commit_that_finds_the_file_locked_is_tried_again_whole(hasty, other, count_of):
    tries = []

    async def work(session) -> None:
        tries.append(1)
        await run_unheard(session, _PUT, {"consumer": "a"})
        if len(tries) == 2:
            other.rollback()

    await hasty.transaction(work)
    assert (len(tries), await count_of(PositionRow)) == (2, 1)


async def test_who_gives_a_connection_up_does_not_hold_up_the_others(tmp_path):
    """The pragmas wait for a file that another process holds, in the thread."""
    path = tmp_path / "held.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE held (id)")
        other.execute("BEGIN EXCLUSIVE")
        database = Database(f"sqlite+aiosqlite:///{path}")
        connecting = asyncio.create_task(database.transaction(lambda session: run(session, text("SELECT 1"))))
        await asyncio.sleep(0.05)
        connecting.cancel()
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert not connecting.done()
        other.rollback()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    await database.transaction(lambda session: run(session, text("SELECT 1")))
    await database.close()


async def test_fetching_one_by_one_costs_no_more_a_row_where_there_are_more(base):
    async def cost_seconds(rows: int) -> float:
        async with base.database.reading() as session:
            found = await run(session, _NUMBERS, {"to": rows})
        began = time.thread_time()
        while found.fetchone():
            pass
        return time.thread_time() - began

    assert await cost_seconds(160_000) < 24 * await cost_seconds(20_000)
