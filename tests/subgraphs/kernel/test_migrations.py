import re
from collections import Counter as Counted
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy import create_mock_engine
from sqlalchemy.dialects import mysql

import subgraphs
from subgraphs.kernel.columns import Counter, ExactText, Instant, LongText, Money, PlainText
from subgraphs.kernel.database import Database
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.migrate import _main, _metadata, _scripts, _upgrade, differences, migrate, upgrade
from subgraphs.kernel.revisions import behind, known_revisions
from subgraphs.kernel.rows import run

ROOMS = Path(subgraphs.__path__[0])
OWNERS = sorted(
    path.parent.name for path in ROOMS.glob("*/tables.py") if any(path.parent.glob("migrations/versions/*.py"))
)

_COLUMNS = sa.text(
    "SELECT table_name, column_name, column_type, collation_name FROM information_schema.columns"
    " WHERE table_schema = DATABASE()"
)

_KEPT_AS = {
    ExactText: r"varchar\(\d+\) utf8mb4_bin",
    PlainText: r"varchar\(\d+\) utf8mb4_\w+",
    LongText: r"longtext utf8mb4_bin",
    Instant: r"datetime\(6\) None",
    Money: r"decimal\(14,2\) None",
    Counter: r"bigint(\(20\))? None",
}


@pytest.mark.parametrize("owner", OWNERS)
async def test_a_migrated_database_equals_the_tables(make_base, owner):
    base = await make_base(owner)
    await migrate(base.database, owner)
    async with base.database.engine.connect() as connection:
        for rows_of in ("kernel", owner):
            assert await connection.run_sync(differences, rows_of) == []


@pytest.mark.parametrize("owner", [*OWNERS, "hospital.mailbox"])
def test_the_files_of_revisions_begin_with_their_numbers_and_the_highest_is_the_newest(owner):
    scripts, numbers = _scripts(owner), known_revisions(owner)
    assert numbers == {each.revision for each in scripts.walk_revisions()}
    assert max(numbers) == scripts.get_current_head()


@pytest.mark.parametrize("owner", OWNERS)
async def test_revisions_that_were_cut_off_before_they_were_noted_are_made_again(make_base, owner):
    base, noted = await make_base(owner), sa.table(f"alembic_version_{owner}", sa.column("version_num"))
    await migrate(base.database, owner)
    async with base.database.engine.begin() as connection:
        await connection.execute(sa.update(noted).values(version_num="0001"))
    await migrate(base.database, owner)
    async with base.database.engine.connect() as connection:
        assert await connection.run_sync(differences, owner) == []


async def test_a_database_is_behind_until_all_owners_are_at_their_newest_revision(databases):
    async with databases.empty() as database:
        assert await behind(database, "kernel", "patients") == ["kernel", "patients"]
        await upgrade(database, "kernel")
        assert await behind(database, "kernel", "patients") == ["patients"]
        await upgrade(database, "patients")
        assert await behind(database, "kernel", "patients") == []
        noted = sa.table("alembic_version_patients", sa.column("version_num"))
        for revision, lacking in (("0001", ["patients"]), ("of a newer hospital", [])):
            async with database.engine.begin() as connection:
                await connection.execute(sa.update(noted).values(version_num=revision))
            assert await behind(database, "kernel", "patients") == lacking


_OUTBOX = sa.table("outbox", *map(sa.column, ("event_id", "shard", "type", "body", "recorded_at", "key", "patient_id")))


def of_the_first_release(body: str) -> dict[str, object]:
    return {"event_id": new_id(), "shard": 0, "type": "t", "body": body, "recorded_at": datetime(2026, 1, 1)}  # noqa: DTZ001


async def test_events_of_earlier_releases_are_found_by_their_keys_as_well(databases):
    visit, patient = new_id(), new_id()
    told = [
        {"subject": visit, "auditpatientid": patient},
        {"subject": patient, "auditpatientid": patient},
        {"subject": "ß" * 100},
    ]
    bodies = [*(orjson.dumps(each).decode() for each in told), "?"]
    async with databases.empty() as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(_upgrade, "kernel", "0002")
            await connection.execute(sa.insert(_OUTBOX), [of_the_first_release(body) for body in bodies * 700])
            await connection.execute(sa.delete(_OUTBOX).where(sa.column("sequence") < 5))
        await upgrade(database, "kernel")
        async with database.engine.connect() as connection:
            found = (await connection.execute(sa.select(_OUTBOX.c.key, _OUTBOX.c.patient_id))).all()
    assert Counted(found) == dict.fromkeys([(visit, patient), (patient, None), ("ß" * 36, None), (None, None)], 699)


class Stopped(Exception):
    """As a killed process would be."""


@contextmanager
def stopping(database: Database, after: int) -> Iterator[None]:
    """So many statements that change something are run; the next one stops everything."""
    left = after

    def count(connection, cursor, statement: str, *rest) -> None:
        nonlocal left
        left -= statement.lstrip().startswith(("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE"))
        if left < 0:
            raise Stopped

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", count)


@pytest.mark.mysql
async def test_what_others_write_to_is_filled_in_lots_that_are_committed_each(databases):
    body = orjson.dumps({"subject": new_id()}).decode()
    async with databases.empty() as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(_upgrade, "kernel", "0002")
            await connection.execute(sa.insert(_OUTBOX), [of_the_first_release(body) for _ in range(1500)])
        with stopping(database, after=5), suppress(Stopped):  # two columns, two indexes, one lot
            await upgrade(database, "kernel")
        async with database.engine.connect() as connection:
            assert await connection.scalar(sa.select(sa.func.count(_OUTBOX.c.key))) == 1000


@pytest.mark.parametrize("owner", OWNERS)
async def test_a_migration_that_was_stopped_anywhere_is_finished_by_the_next(databases, owner):
    async with databases.empty() as database:
        for after in (1, 3, 7, 10, 15, 20, 26, 32):
            with stopping(database, after), suppress(Stopped):
                await migrate(database, owner)
        for _ in range(2):
            await migrate(database, owner)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences, "kernel") == []
            assert await connection.run_sync(differences, owner) == []


@pytest.mark.mysql
@pytest.mark.parametrize("owner", OWNERS)
async def test_each_column_on_the_server_is_of_its_type_and_collation(make_base, owner):
    base = await make_base(owner)
    tables = _metadata(owner).tables
    async with base.database.reading() as session:
        found = await run(session, _COLUMNS)
    kept = {(name, column): f"{kind} {collation}" for name, column, kind, collation in found if name in tables}
    assert len(kept) == sum(len(table.columns) for table in tables.values())
    for (name, column), is_kept_as in kept.items():
        wanted = _KEPT_AS.get(type(tables[name].columns[column].type), ".*")
        assert re.fullmatch(wanted, is_kept_as), (name, column, is_kept_as)


@pytest.mark.parametrize("owner", OWNERS)
def test_every_table_can_be_written_for_mysql_with_keys_that_fit(owner):
    statements: list[str] = []
    engine = create_mock_engine(
        "mysql+asyncmy://",
        lambda statement, *_, **__: statements.append(str(statement.compile(dialect=mysql.dialect()))),
    )
    metadata = _metadata(owner)
    metadata.create_all(engine, checkfirst=False)
    assert len(statements) >= len(metadata.tables)
    for table in metadata.tables.values():
        for columns in [table.primary_key.columns, *(index.columns for index in table.indexes)]:
            bytes_of_key = sum(4 * (getattr(column.type, "length", None) or 2) for column in columns)
            assert bytes_of_key <= 3072, (table.name, [column.name for column in columns])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "make migration DOMAIN="),
        (["", ""], "make migration DOMAIN="),
        (["doctors"], "make migration DOMAIN="),
        (["doctors", " "], "make migration DOMAIN="),
        (["nobody", "x"], "nobody owns no tables"),
        (["no.such.package", "x"], "owns no tables"),
    ],
)
def test_a_revision_of_nothing_is_refused_in_a_line(arguments, said):
    with pytest.raises(SystemExit, match=said):
        _main(arguments)
