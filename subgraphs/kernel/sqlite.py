"""SQLite for asyncio in one hop a statement.

aiosqlite takes each step of a statement (cursor, execute, fetch, close) to the connection's thread and back, and
SQLAlchemy takes each from its greenlet to the loop and back. The hops cost more than the statements. Here the thread
does a statement whole: the BEGIN before the first, and those that were put off as nobody needs what they say, with it.
What is brief and only read needs no thread at all: going there and back takes ten times as long.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, cast

import aiosqlite
from sqlalchemy import event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, SQLiteDialect_aiosqlite
from sqlalchemy.engine.interfaces import ExecutionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from subgraphs.kernel.rows import BRIEF, PUT_OFF

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")
_DBAPI = SQLiteDialect_aiosqlite.import_dbapi()

Statement = Callable[[sqlite3.Cursor], object]


class Connection(aiosqlite.Connection):
    """`begin` opens every transaction, with its first statement; None: each statement stands alone.

    What is put off goes with the next statement or the commit, and fails there if it fails. Then, as when the BEGIN
    fails, the transaction is lost: rolled back at once, and it refuses every statement until `rollback` ends it.
    """

    def __init__(self, path: str, begin: str | None) -> None:
        super().__init__(partial(_opened, path), iter_chunk_size=64)
        self._begin = begin
        self._may_be_open = False
        self._before: list[Statement] = []

    def put_off(self, statement: Statement) -> None:
        self._before.append(statement)

    async def run(self, statement: Statement) -> tuple[list[Any], sqlite3.Cursor]:
        """The rows, and the cursor that has the rest of what the statement says."""
        said: tuple[list[Any], sqlite3.Cursor] = await self._execute(partial(self._whole, self._taken(), statement))
        return said

    def run_here(self, statement: Statement) -> tuple[list[Any], sqlite3.Cursor]:
        """The same in the thread of the caller: for what is brief, on a connection that begins nothing."""
        made = self._conn.cursor()
        try:
            return _said(made, statement)
        finally:
            made.close()

    async def commit(self) -> None:
        """What cannot be committed is rolled back, in the same hop."""
        before, self._may_be_open = self._taken(), False
        await self._execute(partial(self._committed, before))

    async def rollback(self) -> None:
        """Asks the thread only where something was sent to it since the last end of a transaction."""
        self._before.clear()
        if self._may_be_open:
            self._may_be_open = False
            await super().rollback()

    def _taken(self) -> list[Statement]:
        before, self._before = self._before, []
        if self._begin is not None:
            before.insert(0, _check_open if self._may_be_open else partial(_execute, self._begin, ()))
            self._may_be_open = True
        return before

    def _whole(self, before: Sequence[Statement], statement: Statement) -> tuple[list[Any], sqlite3.Cursor]:
        """In the connection's thread."""
        made = self._conn.cursor()
        try:
            self._all_or_lost(before, made)
            return _said(made, statement)
        finally:
            made.close()

    def _committed(self, before: Sequence[Statement]) -> None:
        made = self._conn.cursor()
        try:
            self._all_or_lost([*before, _commit], made)
        finally:
            made.close()

    def _all_or_lost(self, statements: Sequence[Statement], cursor: sqlite3.Cursor) -> None:
        """Rolled back here, as whoever swallows the error takes it for that of another statement."""
        try:
            for statement in statements:
                statement(cursor)
        except BaseException:
            self._conn.rollback()
            raise


class Cursor:
    """What SQLAlchemy takes for a DBAPI cursor; the rows of its statement wait here until they are fetched."""

    arraysize = 1

    def __init__(self, adapted: "Adapted") -> None:
        self._adapted = adapted
        self._rows: Iterator[Any] = iter(())
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        self._run(partial(_execute, sql, parameters))

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._run(partial(_execute_many, sql, parameters))

    def execute_here(self, sql: str, parameters: Sequence[Any]) -> None:
        try:
            self._keep(self._adapted.driver_connection.run_here(partial(_execute, sql, parameters)))
        except Exception as error:
            self._adapted._handle_exception(error)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        return list(islice(self._rows, size or self.arraysize))

    def close(self) -> None:
        self._rows = iter(())

    async def _async_soft_close(self) -> None:
        """It was closed in the thread."""

    def _run(self, statement: Statement) -> None:
        try:
            self._keep(await_only(self._adapted.driver_connection.run(statement)))
        except Exception as error:
            self._adapted._handle_exception(error)

    def _keep(self, said: tuple[list[Any], sqlite3.Cursor]) -> None:
        rows, made = said
        self._rows = iter(rows)
        self.description, self.rowcount, self.lastrowid = made.description, made.rowcount, made.lastrowid


class Adapted(AsyncAdapt_aiosqlite_connection):
    """SQLAlchemy's own but for its cursors."""

    def cursor(self, server_side: bool = False) -> Any:
        return Cursor(self)

    def put_off(self, sql: str, parameters: Sequence[Sequence[Any]]) -> None:
        """Once with each of the parameters."""
        self.driver_connection.put_off(partial(_execute_late, sql, parameters))


def connector(path: str, begin: str | None) -> Callable[[], Adapted]:
    """For SQLAlchemy's `creator`."""
    return lambda: Adapted(_DBAPI, cast(Any, await_only(_connected(path, begin))))


def put_off_in(engine: AsyncEngine) -> None:
    """Lets the statements of this engine that have the option PUT_OFF wait for the next one."""
    event.listen(engine.sync_engine, "do_execute", _does_wait)
    event.listen(engine.sync_engine, "do_executemany", _do_wait)


def run_here_in(engine: AsyncEngine) -> None:
    """Runs the statements of this engine that have the option BRIEF where they are asked for."""
    event.listen(engine.sync_engine, "do_execute", _is_done)


def _is_done(cursor: Any, sql: str, parameters: Any, context: ExecutionContext) -> bool:
    if not context.execution_options.get(BRIEF):
        return False
    cursor.execute_here(sql, parameters)
    return True


def _does_wait(cursor: Any, sql: str, parameters: Any, context: ExecutionContext) -> bool:
    return _do_wait(cursor, sql, [parameters], context)


def _do_wait(cursor: Any, sql: str, parameters: Any, context: ExecutionContext) -> bool:
    if not context.execution_options.get(PUT_OFF):
        return False
    cast(Adapted, context.root_connection.connection.dbapi_connection).put_off(sql, parameters)
    return True


async def _connected(path: str, begin: str | None) -> Connection:
    connection = Connection(path, begin)
    connection._thread.daemon = True
    try:
        await connection
    except BaseException:
        # it was told to end, and says so to the loop, which may be closed next
        await asyncio.shield(asyncio.to_thread(connection._thread.join))
        raise
    return connection


def _opened(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _said(cursor: sqlite3.Cursor, statement: Statement) -> tuple[list[Any], sqlite3.Cursor]:
    statement(cursor)
    return cursor.fetchall() if cursor.description else [], cursor


def _execute(sql: str, parameters: Sequence[Any], cursor: sqlite3.Cursor) -> None:
    cursor.execute(sql, parameters)


def _execute_many(sql: str, parameters: Iterable[Sequence[Any]], cursor: sqlite3.Cursor) -> None:
    cursor.executemany(sql, parameters)


def _execute_late(sql: str, parameters: Iterable[Sequence[Any]], cursor: sqlite3.Cursor) -> None:
    try:
        cursor.executemany(sql, parameters)
    except sqlite3.Error as error:
        error.add_note(f"It was put off: {sql}")
        raise


def _check_open(cursor: sqlite3.Cursor) -> None:
    if not cursor.connection.in_transaction:
        raise sqlite3.OperationalError("the transaction is lost")


def _commit(cursor: sqlite3.Cursor) -> None:
    cursor.connection.commit()
