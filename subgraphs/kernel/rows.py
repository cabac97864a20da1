"""Rows past the ORM, for what is done often: statements made once, rows that are only read or only added.

An ORM statement costs three times its plain one, most of it in making it anew and in tracking what nobody changes.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Executable, Insert, Select, Table, func, insert, select
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

RowClass = TypeVar("RowClass", bound=SQLModel)

_CONNECTION, _ADDED = "rows.connection", "rows.added"


def table_of(row_class: type[SQLModel]) -> Table:
    return cast(Table, getattr(row_class, "__table__"))  # noqa: B009  (mypy knows no such attribute)


def select_rows(row_class: type[SQLModel]) -> Select[Any]:
    """All columns of a table, to be narrowed with bind parameters and kept for `read_rows`."""
    return select(*table_of(row_class).c)


async def run(session: AsyncSession, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
    """Runs a statement on tables; what the ORM holds back is not written first."""
    connection: AsyncConnection | None = session.info.get(_CONNECTION)
    if connection is None:
        connection = session.info[_CONNECTION] = await session.connection()
    return await connection.execute(statement, parameters)


async def read_rows(
    session: AsyncSession, row_class: type[RowClass], statement: Select[Any], parameters: Mapping[str, Any]
) -> Sequence[RowClass]:
    """What `select_rows` finds: rows with the attributes of `row_class`, to be read and not to be changed."""
    return cast(Sequence[RowClass], (await run(session, statement, parameters)).all())


def add_row(session: AsyncSession, row_class: type[SQLModel], **values: Any) -> None:
    """Writes the row at the end of the transaction, with the others of its table: every column but generated ones."""
    added: dict[type[SQLModel], list[dict[str, Any]]] = session.info.setdefault(_ADDED, {})
    added.setdefault(row_class, []).append(values)


async def write_rows(session: AsyncSession) -> None:
    """Writes what was added so far, behind what the ORM holds back. Raises IntegrityError."""
    added: dict[type[SQLModel], list[dict[str, Any]]] = session.info.pop(_ADDED, {})
    if added:
        await session.run_sync(_write, added)


async def keep_newest(session: AsyncSession, row_class: type[SQLModel], **values: Any) -> None:
    """Writes a copy of something that has a `version`, every column given, unless what is here is as new."""
    await run(session, _upsert(row_class, session.get_bind().dialect.name), values)


def _write(session: Session, added: Mapping[type[SQLModel], Sequence[dict[str, Any]]]) -> None:
    session.flush()
    connection = session.connection()
    for row_class, rows in added.items():
        connection.execute(_insert(row_class), rows)


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
