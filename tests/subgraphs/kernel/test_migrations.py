from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import create_mock_engine
from sqlalchemy.dialects import mysql

import subgraphs
from subgraphs.kernel.migrate import _main, _metadata, differences, migrate

ROOMS = Path(subgraphs.__path__[0])
OWNERS = sorted(
    path.parent.name for path in ROOMS.glob("*/tables.py") if any(path.parent.glob("migrations/versions/*.py"))
)


@pytest.mark.parametrize("owner", OWNERS)
async def test_a_migrated_database_equals_the_tables(make_base, owner):
    base = await make_base(owner)
    await migrate(base.database, owner)
    async with base.database.engine.connect() as connection:
        for rows_of in ("kernel", owner):
            assert await connection.run_sync(differences, rows_of) == []


@pytest.mark.parametrize("owner", OWNERS)
async def test_revisions_that_were_cut_off_before_they_were_noted_are_made_again(make_base, owner):
    base, noted = await make_base(owner), sa.table(f"alembic_version_{owner}", sa.column("version_num"))
    await migrate(base.database, owner)
    async with base.database.engine.begin() as connection:
        await connection.execute(sa.update(noted).values(version_num="0001"))
    await migrate(base.database, owner)
    async with base.database.engine.connect() as connection:
        assert await connection.run_sync(differences, owner) == []


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
