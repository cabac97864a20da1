"""Statements on SQLite: how many hops they take to the thread and back, and what becomes of those put off."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from subgraphs.kernel.rows import add_row, run, run_unheard, write_rows
from subgraphs.kernel.sqlite import Connection
from subgraphs.kernel.tables import InboxRow, PositionRow

_PUT = text("INSERT INTO positions (consumer, topic, position) VALUES (:consumer, 't', 1)")


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
