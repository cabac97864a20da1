"""Rows past the ORM, for what is done often: statements made once, rows that are only read or only added.

An ORM statement costs three times its plain one, most of it in making it anew and in tracking what nobody changes.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, CursorResult, Engine, Executable, Insert, Row, Select, Table, func, insert, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

RowClass = TypeVar("RowClass", bound=SQLModel)

PUT_OFF = "rows.put_off"
"""The execution option of a statement that may wait for the next one: nobody needs what it says."""

BRIEF = "rows.brief"
"""The execution option of a statement that an index answers at once, so that nobody need wait for it elsewhere."""

READER = "rows.reader"
"""Where a session that only reads has its engine: a statement then takes a connection for itself, and no session."""

_CONNECTION, _ADDED = "rows.connection", "rows.added"


def table_of(row_class: type[SQLModel]) -> Table:
    return cast(Table, getattr(row_class, "__table__"))  # noqa: B009  (mypy knows no such attribute)


def select_rows(row_class: type[SQLModel]) -> Select[Any]:
    """All columns of a table, to be narrowed to what an index finds with bind parameters, and kept for `read_rows`."""
    return select(*table_of(row_class).c).execution_options(**{BRIEF: True})


async def run(session: AsyncSession, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
    """Runs a statement on tables; what the ORM holds back is not written first."""
    return await (await _connection(session)).run_sync(Connection.execute, statement, parameters)


async def run_unheard(session: AsyncSession, statement: Executable, parameters: Any = None) -> None:
    """The same where nobody needs what it says: on SQLite it waits for the next one, which fails if this one does."""
    await (await _connection(session)).run_sync(_put_off, statement, parameters)


def _put_off(connection: Connection, statement: Executable, parameters: Any) -> None:
    connection.execute(statement, parameters, execution_options={PUT_OFF: True})


async def _connection(session: AsyncSession) -> AsyncConnection:
    connection: AsyncConnection | None = session.info.get(_CONNECTION)
    if connection is None:
        connection = session.info[_CONNECTION] = await session.connection()
    return connection


async def read_rows(
    session: AsyncSession, row_class: type[RowClass], statement: Select[Any], parameters: Mapping[str, Any]
) -> Sequence[RowClass]:
    """What `select_rows` finds: rows with the attributes of `row_class`, to be read and not to be changed."""
    return cast(Sequence[RowClass], await read(session, statement, parameters))


async def read(session: AsyncSession, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """The rows that a statement on tables finds."""
    reader: AsyncEngine | None = session.info.get(READER)
    if reader is None or session.in_transaction():
        return (await run(session, statement, parameters)).all()
    return await greenlet_spawn(_read, reader.sync_engine, statement, parameters)


def _read(engine: Engine, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(statement, parameters).all()


def add_row(session: AsyncSession, row_class: type[SQLModel], **values: Any) -> None:
    """Writes the row at the end of the transaction, with the others of its table: every column but generated ones."""
    added: dict[type[SQLModel], list[dict[str, Any]]] = session.info.setdefault(_ADDED, {})
    added.setdefault(row_class, []).append(values)


async def write_rows(session: AsyncSession, *, put_off: bool = False) -> None:
    """Writes what was added so far, behind what the ORM holds back. Raises IntegrityError.

    `put_off`: a statement follows, or the commit, which raises it instead.
    """
    added: dict[type[SQLModel], list[dict[str, Any]]] = session.info.pop(_ADDED, {})
    if added:
        await session.run_sync(_write, added, put_off)


async def keep_newest(session: AsyncSession, row_class: type[SQLModel], **values: Any) -> None:
    """Writes a copy of something that has a `version`, every column given, unless what is here is as new."""
    await run_unheard(session, _upsert(row_class, session.get_bind().dialect.name), values)


def _write(session: Session, added: Mapping[type[SQLModel], Sequence[dict[str, Any]]], put_off: bool) -> None:
    session.flush()
    connection, last = session.connection(), len(added) - 1
    for place, (row_class, rows) in enumerate(added.items()):
        connection.execute(_insert(row_class), rows, execution_options={PUT_OFF: put_off or place < last})


@cache
def _upsert(row_class: type[SQLModel], dialect: str) -> Insert:
    """One statement, so two that write the same copy at the same moment need no second try."""
    table = table_of(row_class)
    values = sorted(
        (column for column in table.c if not column.primary_key), key=lambda column: column.name == "version"
    )
    if dialect == "sqlite":
        new = sqlite.insert(table)
        taken = {column.name: new.excluded[column.name] for column in values}
        newer = new.excluded["version"] > table.c["version"]
        return new.on_conflict_do_update(index_elements=list(table.primary_key), set_=taken, where=newer)
    given = mysql.insert(table)
    is_newer = given.inserted["version"] > table.c["version"]
    return given.on_duplicate_key_update(
        [(column.name, func.if_(is_newer, given.inserted[column.name], column)) for column in values]
    )


@cache
def _insert(row_class: type[SQLModel]) -> Insert:
    return insert(table_of(row_class))
