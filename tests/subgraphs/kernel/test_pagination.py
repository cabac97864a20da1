import base64
from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import ExactText, Instant
from subgraphs.kernel.errors import BadUserInput
from subgraphs.kernel.pagination import MAXIMUM_FIRST, Keyset, connection, page_of

_registry = registry()


class ThingsTable(SQLModel, registry=_registry):
    pass


class ThingRow(ThingsTable, table=True):
    __tablename__ = "things"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    parent: str = Field(sa_type=ExactText(36))
    name: str = Field(sa_type=ExactText(200))
    at: datetime = Field(sa_type=Instant)


BY_NAME = Keyset("things", ("name", "id"), (str, str))
NEWEST_FIRST = Keyset("newest things", ("at", "id"), (datetime, str), descending=True)
INSTANTS = some.datetimes(timezones=some.just(UTC))
NAMES = some.text(some.characters(codec="utf-8", exclude_characters="\x00"), max_size=5)


@given(NAMES, INSTANTS, some.integers(-(2**53), 2**53), some.booleans())
def test_a_cursor_gives_back_the_values_of_its_row(name, at, number, flag):
    keyset = Keyset("law", ("name", "at", "number", "flag"), (str, datetime, int, bool))
    cursor = keyset.cursor(SimpleNamespace(name=name, at=at, number=number, flag=flag))
    assert keyset.request(1, cursor).after == (name, at, number, flag)
    assert cursor.isascii()


@given(NAMES, some.data())
def test_a_damaged_cursor_is_bad_user_input(name, data):
    cursor = BY_NAME.cursor(SimpleNamespace(name=name, id="1"))
    place = data.draw(some.integers(0, len(cursor) - 1))
    letter = data.draw(some.sampled_from("AZaz09-_.=%é"))
    damaged = (cursor[:place] + letter + cursor[place + 1 :], cursor[:place], cursor + letter * 4)
    for text in damaged:
        if text != cursor:
            with pytest.raises(BadUserInput):
                BY_NAME.request(1, text)


@given(some.text(some.characters(exclude_categories=[])))
def test_what_is_no_cursor_is_bad_user_input(text):
    with pytest.raises(BadUserInput):
        BY_NAME.request(1, text)


@given(NAMES)
def test_a_cursor_of_another_list_is_bad_user_input(name):
    with pytest.raises(BadUserInput):
        Keyset("others", ("name", "id"), (str, str)).request(1, BY_NAME.cursor(SimpleNamespace(name=name, id="1")))


@pytest.mark.parametrize(
    "payload",
    [
        *([], ["a"], ["a", "b", "c"], ["a", ["b"]], ["a", {}], ["a", {"t": 1}], {"a": 1}, None, 7, "ab"),
        *(["a", 1], [1, "b"], [None, "b"], ["a", True], ["a", 1.5], [{"t": "2026-01-01T00:00:00+00:00"}, "b"]),
        ["a", {"t": "0001-01-01T00:00:00+23:59"}],
    ],
    ids=str,
)
def test_a_cursor_that_somebody_made_up_is_bad_user_input(payload):
    made = orjson.dumps(payload)
    cursor = base64.urlsafe_b64encode(BY_NAME._check(made) + made).decode().rstrip("=")
    with pytest.raises(BadUserInput):
        BY_NAME.request(1, cursor)


def test_first_is_from_1_to_100():
    for first in (1, MAXIMUM_FIRST):
        assert BY_NAME.request(first, None).first == first
    for first in (0, -1, MAXIMUM_FIRST + 1):
        with pytest.raises(BadUserInput):
            BY_NAME.request(first, None)


async def walk(session, keyset, first, read) -> list[str]:
    """The ids of every page one after another; `read` gives the rows of a page."""
    seen, after = [], None
    while True:
        wanted = keyset.request(first, after)
        page = page_of(await read(wanted), wanted)
        assert page.has_previous == (after is not None)
        assert len(page.rows) == first if page.has_next else len(page.rows) <= first
        seen += [row.id for row in page.rows]
        if not page.has_next:
            return seen
        after = keyset.cursor(page.rows[-1])


@pytest.fixture
async def session():
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(ThingRow.metadata.create_all)
    async with AsyncSession(engine) as session:
        yield session
    await engine.dispose()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(some.tuples(some.sampled_from("ab"), NAMES, INSTANTS), max_size=12), some.integers(1, 5))
async def test_pages_give_each_row_once_and_in_order(session, things, first):
    rows = [ThingRow(id=str(place), parent=parent, name=name, at=at) for place, (parent, name, at) in enumerate(things)]
    session.add_all(rows)
    await session.flush()

    for keyset, key in ((BY_NAME, lambda row: (row.name, row.id)), (NEWEST_FIRST, lambda row: (row.at, row.id))):
        ordered = sorted(rows, key=key, reverse=keyset.descending)

        async def all_of_them(wanted, keyset=keyset):
            return (await session.execute(keyset.page(select(ThingRow), ThingRow, wanted))).scalars().all()

        async def of_parent_a(wanted, keyset=keyset):
            both = keyset.page_per_parent(ThingRow, "parent", ThingRow.parent.in_(["a", "b"]), wanted)
            found = (await session.execute(both)).scalars().all()
            return [row for row in found if row.parent == "a"]

        assert await walk(session, keyset, first, all_of_them) == [row.id for row in ordered]
        assert await walk(session, keyset, first, of_parent_a) == [row.id for row in ordered if row.parent == "a"]
    await session.rollback()


async def test_a_connection_counts_only_when_asked():
    asked = []

    async def count() -> int:
        asked.append(1)
        return 7

    rows = [SimpleNamespace(id=id, name=id) for id in "abc"]
    made = connection(page_of(rows, BY_NAME.request(2, None)), BY_NAME, lambda row: row.id, count)
    assert ([edge.node for edge in made.edges], made.nodes) == (["a", "b"], ["a", "b"])
    assert (made.page_info.has_next_page, made.page_info.has_previous_page) == (True, False)
    assert made.page_info.end_cursor == BY_NAME.cursor(rows[1])
    assert asked == []
    assert await made.count() == 7
