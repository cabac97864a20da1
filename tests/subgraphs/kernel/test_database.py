import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import select

from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.database import Database, Race, is_transient, pending_events
from subgraphs.kernel.tables import PositionRow


def position(consumer: str, at: int = 0) -> PositionRow:
    return PositionRow(consumer=consumer, topic="t", position=at)


@pytest.fixture
def handed_over(base) -> list:
    batches: list = []

    async def keep(events: list) -> None:
        batches.append(events)

    base.database.after_commit = keep
    return batches


async def test_it_commits_once_and_then_hands_the_events_over(base, count_of):
    seen = []

    async def after_commit(events: list) -> None:
        seen.append((events, await count_of(PositionRow)))

    async def work(session) -> str:
        session.add(position("a"))
        pending_events(session).append("fact")
        assert await count_of(PositionRow) == 0
        return "done"

    base.database.after_commit = after_commit
    assert await base.database.transaction(work) == "done"
    assert seen == [(["fact"], 1)]


async def test_an_error_rolls_everything_back_and_hands_nothing_over(base, count_of, handed_over):
    async def work(session) -> None:
        session.add(position("a"))
        await session.flush()
        pending_events(session).append("fact")
        raise LookupError("no")

    with pytest.raises(LookupError):
        await base.database.transaction(work)
    assert await count_of(PositionRow) == 0
    assert handed_over == []


async def test_a_race_runs_the_whole_again_with_nothing_left_of_the_first(base, count_of, handed_over):
    tries = []

    async def work(session) -> int:
        tries.append(1)
        session.add(position("a"))
        await session.flush()
        pending_events(session).append(len(tries))
        if len(tries) < 3:
            raise Race
        return len(tries)

    assert await base.database.transaction(work) == 3
    assert await count_of(PositionRow) == 1
    assert handed_over == [[3]]


@pytest.mark.parametrize("transient", [Race(), OperationalError("", {}, Exception(1213, "Deadlock found"))])
async def test_a_row_that_is_made_once_is_written_by_the_run_that_is_committed(base, count_of, transient):
    row, tries = position("a"), []

    async def work(session) -> None:
        session.add(row)
        await session.flush()
        tries.append(1)
        if len(tries) < 3:
            raise transient

    await base.database.transaction(work)
    assert await count_of(PositionRow) == 1


async def test_a_race_that_never_ends_is_given_up(base, count_of):
    tries = []

    async def work(session) -> None:
        tries.append(1)
        raise Race

    with pytest.raises(Race):
        await base.database.transaction(work)
    assert 3 <= len(tries) <= 20


async def test_an_error_that_is_not_transient_is_not_tried_again(base):
    tries = []

    async def work(session) -> None:
        tries.append(1)
        session.add(position("a"))
        session.add(position("a"))
        await session.flush()

    with pytest.raises(IntegrityError):
        await base.database.transaction(work)
    assert len(tries) == 1


async def test_many_writers_at_once_lose_no_update(base):
    async def create(session) -> None:
        session.add(position("a"))

    async def count_up(session) -> None:
        row = await session.get(PositionRow, ("a", "t"), with_for_update=True)
        row.position += 1

    await base.database.transaction(create)
    await asyncio.gather(*(base.database.transaction(count_up) for _ in range(50)))
    async with base.database.reading() as session:
        assert (await session.exec(select(PositionRow.position))).one() == 50


async def test_two_processes_on_one_file_lose_no_update(base):
    other = Database(str(base.database.url))

    async def create(session) -> None:
        session.add(position("a"))

    async def count_up(session) -> None:
        row = await session.get(PositionRow, ("a", "t"), with_for_update=True)
        row.position += 1

    await base.database.transaction(create)
    work = [database.transaction(count_up) for database in (base.database, other) for _ in range(20)]
    await asyncio.gather(*work)
    async with other.reading() as session:
        assert (await session.exec(select(PositionRow.position))).one() == 40
    await other.close()


async def test_a_reader_does_not_wait_for_a_writer_and_sees_what_is_committed(base, count_of):
    async def work(session) -> None:
        session.add(position("a"))
        await session.flush()
        assert await asyncio.wait_for(count_of(PositionRow), 5) == 0

    await base.database.transaction(work)
    assert await count_of(PositionRow) == 1


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(base, count_of):
    begun = asyncio.Event()

    async def stuck(session) -> None:
        session.add(position("a"))
        await session.flush()
        begun.set()
        await asyncio.sleep(60)

    async def work(session) -> None:
        session.add(position("b"))

    task = asyncio.create_task(base.database.transaction(stuck))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(base.database.transaction(work), 10)
    assert await count_of(PositionRow) == 1


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (Race(), True),
        (OperationalError("", {}, Exception(1213, "Deadlock found")), True),
        (OperationalError("", {}, Exception(1205, "Lock wait timeout exceeded")), True),
        (OperationalError("", {}, Exception(3572, "NOWAIT is set")), True),
        (OperationalError("", {}, Exception("database is locked")), True),
        (IntegrityError("", {}, Exception(1062, "Duplicate entry")), False),
        (OperationalError("", {}, Exception()), False),
        (ValueError(1213), False),
    ],
)
def test_only_named_errors_are_transient(error, transient):
    assert is_transient(error) == transient


@pytest.mark.sqlite
async def test_it_knows_whether_somebody_writes(base):
    seen = []

    async def work(session) -> None:
        seen.append(base.database.is_written())

    await base.database.transaction(work)
    assert [*seen, base.database.is_written()] == [True, False]


async def test_its_clock_is_compared_with_ours(base):
    class Ahead:
        def now(self) -> datetime:
            return datetime.now(UTC) + timedelta(hours=1)

    assert abs(await base.database.clock_ahead(SystemClock())) < timedelta(seconds=30)
    assert abs(await base.database.clock_ahead(Ahead()) + timedelta(hours=1)) < timedelta(seconds=30)


async def test_what_went_wrong_first_is_told_though_the_rollback_fails_too(base, monkeypatch):
    async def fails(session) -> None:
        raise OSError("the connection is gone")

    async def work(session) -> None:
        raise LookupError("no")

    monkeypatch.setattr("subgraphs.kernel.database._undone", fails)
    with pytest.raises(LookupError):
        await base.database.transaction(work)
