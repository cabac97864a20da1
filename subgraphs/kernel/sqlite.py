"""SQLite for asyncio in one hop a statement.

aiosqlite takes each step of a statement (cursor, execute, fetch, close) to the connection's thread and back. The hops
cost more than the statements. Here the thread does a statement whole; everything else of the connection is aiosqlite's.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Self

import aiosqlite


class Cursor:
    """What SQLAlchemy asks of an asyncio cursor. The rows of the last statement wait here until they are fetched."""

    arraysize = 1

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        return await self._run(lambda cursor: cursor.execute(sql, parameters))

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        return await self._run(lambda cursor: cursor.executemany(sql, parameters))

    async def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        self._rows = []

    async def _run(self, statement: Callable[[sqlite3.Cursor], object]) -> Self:
        await self._connection.run(self._whole, statement)
        return self

    def _whole(self, made: sqlite3.Cursor, statement: Callable[[sqlite3.Cursor], object]) -> None:
        """In the connection's thread."""
        try:
            statement(made)
            self._rows = made.fetchall() if made.description else []
            self.description, self.rowcount, self.lastrowid = made.description, made.rowcount, made.lastrowid
        finally:
            made.close()


class Connection(aiosqlite.Connection):
    def cursor(self) -> Any:
        return Cursor(self)

    async def run(
        self, work: Callable[[sqlite3.Cursor, Callable[[sqlite3.Cursor], object]], None], statement: Any
    ) -> None:
        """Has the thread do `work` with a new cursor."""
        await self._execute(lambda: work(self._conn.cursor(), statement))


def connector(path: str) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """For SQLAlchemy's `async_creator`."""

    async def connect() -> aiosqlite.Connection:
        connection = Connection(lambda: sqlite3.connect(path, check_same_thread=False), iter_chunk_size=64)
        connection._thread.daemon = True
        try:
            return await connection
        except BaseException:
            connection._thread.join()  # it was told to end, and says so to the loop, which may be closed next
            raise

    return connect
