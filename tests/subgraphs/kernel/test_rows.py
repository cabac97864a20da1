import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, col, select

from subgraphs.kernel.columns import ExactText
from subgraphs.kernel.rows import _upsert, add_row, keep_newest, read_rows, select_rows, write_rows
from subgraphs.kernel.tables import InboxRow, PositionRow

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class BedTable(SQLModel, registry=registry()):
    pass


class BedRow(BedTable, table=True):
    """A copy of something that has versions."""

    __tablename__ = "beds_under_test"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    ward: str = Field(sa_type=ExactText(36))


@pytest.fixture
async def beds(base):
    async with base.database.engine.begin() as connection:
        await connection.run_sync(lambda sync: BedTable.metadata.create_all(sync))

    async def keep(version: int, ward: str) -> None:
        await base.database.transaction(
            lambda session: keep_newest(session, BedRow, id="b", version=version, ward=ward)
        )

    async def kept() -> list[tuple[int, str]]:
        async with base.database.reading() as session:
            return [(row.version, row.ward) for row in await session.exec(select(BedRow))]

    return keep, kept


async def test_what_is_added_is_written_with_the_transaction(base, count_of):
    async def work(session) -> None:
        for place in range(3):
            add_row(session, PositionRow, consumer=f"c{place}", topic="t", position=place)
        add_row(session, InboxRow, consumer="c", event_id="1", received_at=NOW)

    await base.database.transaction(work)
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (3, 1)


async def test_what_is_added_goes_with_the_transaction_that_fails(base, count_of):
    async def work(session) -> None:
        add_row(session, PositionRow, consumer="c", topic="t", position=0)
        await write_rows(session)
        add_row(session, PositionRow, consumer="d", topic="t", position=0)
        raise LookupError

    with pytest.raises(LookupError):
        await base.database.transaction(work)
    assert await count_of(PositionRow) == 0


async def test_a_row_that_is_there_already_is_an_integrity_error(base, count_of):
    async def work(session) -> None:
        add_row(session, PositionRow, consumer="c", topic="t", position=0)

    await base.database.transaction(work)
    with pytest.raises(IntegrityError):
        await base.database.transaction(work)
    assert await count_of(PositionRow) == 1


async def test_plain_rows_have_the_values_that_the_orm_would_give(base):
    async def work(session) -> None:
        session.add(InboxRow(consumer="c", event_id="1", received_at=NOW))

    await base.database.transaction(work)
    statement = select_rows(InboxRow).where(col(InboxRow.event_id) == bindparam("id"))
    async with base.database.reading() as session:
        (row,) = await read_rows(session, InboxRow, statement, {"id": "1"})
    assert (row.consumer, row.event_id, row.received_at) == ("c", "1", NOW)


async def test_the_newest_version_of_a_copy_stays_whatever_comes_after_it(beds):
    keep, kept = beds
    await keep(2, "north")
    await keep(1, "south")
    await keep(2, "east")
    assert await kept() == [(2, "north")]
    await keep(3, "west")
    assert await kept() == [(3, "west")]


async def test_versions_that_come_at_once_leave_the_newest(beds):
    keep, kept = beds
    await asyncio.gather(*(keep(version, f"w{version}") for version in (3, 1, 5, 2, 4)))
    assert await kept() == [(5, "w5")]


def test_on_mysql_every_column_is_compared_before_the_version_moves():
    statement = str(_upsert(BedRow, "mysql").compile(dialect=mysql.dialect()))
    taken = statement.partition("ON DUPLICATE KEY UPDATE")[2]
    assert taken.index("ward =") < taken.index("version =")
