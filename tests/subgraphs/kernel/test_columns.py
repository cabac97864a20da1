from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some
from sqlalchemy import String
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import StatementError
from sqlmodel import select

from subgraphs.kernel.columns import Counter, ExactText, Instant, LongText, Money, PlainText
from subgraphs.kernel.tables import DeadLetterRow

SQLITE, MYSQL = sqlite.dialect(), mysql.dialect()


@given(some.datetimes(), some.integers(-1439, 1439))
def test_an_instant_is_kept_in_utc_to_the_microsecond(wall_time, offset_minutes):
    assume(2 < wall_time.year < 9998)
    instant = wall_time.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    for dialect in (SQLITE, MYSQL):
        bound = Instant().process_bind_param(instant, dialect)
        assert bound is not None
        assert bound.tzinfo is None
        assert Instant().process_result_value(bound, dialect) == instant


def test_an_instant_without_an_offset_is_refused():
    with pytest.raises(ValueError, match="offset"):
        Instant().process_bind_param(datetime(2026, 1, 1), SQLITE)  # noqa: DTZ001


async def test_the_database_refuses_it_too(base, count_of):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001

    async def work(session) -> None:
        session.add(DeadLetterRow(id="1", consumer="c", topic="t", body="", error="", failed_at=naive))

    with pytest.raises(StatementError, match="offset"):
        await base.database.transaction(work)
    assert await count_of(DeadLetterRow) == 0


async def test_what_is_written_is_read_again(base):
    at = datetime(2026, 1, 31, 9, 30, 0, 123456, timezone(timedelta(hours=5, minutes=30)))
    text = "नमस्ते 🏥\x00 end"

    async def work(session) -> None:
        session.add(DeadLetterRow(id="1", consumer="c", topic="t", body=text, error="", failed_at=at))

    await base.database.transaction(work)
    async with base.database.reading() as session:
        row = (await session.exec(select(DeadLetterRow))).one()
    assert (row.failed_at, row.failed_at.tzinfo, row.body) == (at, UTC, text)


@given(some.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**11), max_value=10**11))
def test_money_is_exact(amount):
    for dialect in (SQLITE, MYSQL):
        bound = Money().process_bind_param(amount, dialect)
        assert dialect is MYSQL or isinstance(bound, int)
        assert Money().process_result_value(bound, dialect) == amount


@pytest.mark.parametrize(
    ("column", "on_mysql"),
    [
        (Instant(), "DATETIME(6)"),
        (Money(), "NUMERIC(14, 2)"),
        (ExactText(36), "VARCHAR(36) COLLATE utf8mb4_bin"),
        (PlainText(200), "VARCHAR(200) CHARACTER SET utf8mb4"),
        (LongText(), "LONGTEXT COLLATE utf8mb4_bin"),
        (Counter(), "BIGINT"),
    ],
)
def test_what_each_column_is_on_mysql(column, on_mysql):
    assert str(column.load_dialect_impl(MYSQL).compile(MYSQL)) == on_mysql


def test_text_keeps_its_length_on_sqlite():
    assert isinstance(ExactText(36).load_dialect_impl(SQLITE), String)
    assert str(ExactText(36).compile(SQLITE)) == "VARCHAR(36)"
