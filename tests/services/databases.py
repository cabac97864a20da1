"""Databases for tests, made once for a domain and given again empty: files of SQLite, or on a MySQL or MariaDB."""

import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from sqlalchemy import exists, make_url, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from subgraphs.kernel.database import Database
from subgraphs.kernel.migrate import migrate


class Databases(Protocol):
    def empty(self) -> AbstractAsyncContextManager[Database]:
        """A database with no table in it."""

    def migrated(self, domain: str) -> AbstractAsyncContextManager[Database]:
        """A database with the newest tables of the domain, and no row in them."""


class SqliteFiles:
    def __init__(self, folder: Path) -> None:
        self._folder, self._numbers = folder, count(1)
        self._migrated: dict[str, Path] = {}

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[Database]:
        async with self._opened(self._folder / f"{next(self._numbers)}.db") as database:
            yield database

    @asynccontextmanager
    async def migrated(self, domain: str) -> AsyncIterator[Database]:
        if domain not in self._migrated:
            await self._migrate(domain)
        copy = shutil.copy(self._migrated[domain], self._folder / f"{next(self._numbers)}-{domain}.db")
        async with self._opened(copy) as database:
            yield database

    @asynccontextmanager
    async def _opened(self, path: Path) -> AsyncIterator[Database]:
        database = Database(f"sqlite+aiosqlite:///{path}")
        try:
            yield database
        finally:
            await database.close()
            for left in self._folder.glob(f"{path.name}*"):
                left.unlink()

    async def _migrate(self, domain: str) -> None:
        path = self._folder / f"{domain}.db"
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database, domain)
        await database.close()
        self._migrated[domain] = path


class OnServer:
    """`url` is an administrator's. Tables are emptied behind a test, which takes a tenth of making them anew."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._admin = create_async_engine(self._url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._names = (f"test_{uuid4().hex[:8]}_{number}" for number in count(1))
        self._spare: dict[str, list[str]] = defaultdict(list)
        self._tables: dict[str, set[str]] = {}

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[Database]:
        name = await self._made()
        try:
            async with self._opened(name) as database:
                yield database
        finally:
            await self._drop(name)

    @asynccontextmanager
    async def migrated(self, domain: str) -> AsyncIterator[Database]:
        spare = self._spare[domain]
        name = spare.pop() if spare else await self._made_for(domain)
        try:
            async with self._opened(name) as database:
                yield database
        finally:
            if await self._is_cleared(name, self._tables[domain]):
                spare.append(name)
            else:
                await self._drop(name)

    async def close(self) -> None:
        for names in self._spare.values():
            for name in names:
                await self._drop(name)

    async def _made(self) -> str:
        name = next(self._names)
        async with self._admin.connect() as connection:
            await connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return name

    async def _made_for(self, domain: str) -> str:
        name = await self._made()
        async with self._opened(name) as database:
            await migrate(database, domain)
        async with self._admin.connect() as connection:
            self._tables[domain] = await _tables_of(connection, name)
        return name

    @asynccontextmanager
    async def _opened(self, name: str) -> AsyncIterator[Database]:
        database = Database(self._url.set(database=name).render_as_string(hide_password=False))
        try:
            yield database
        finally:
            await database.close()

    async def _is_cleared(self, name: str, tables: set[str]) -> bool:
        """Not where a test has made other tables of them. A lock that it has left is an error, not a long wait."""
        async with self._admin.connect() as connection:
            if await _tables_of(connection, name) != tables:
                return False
            await connection.exec_driver_sql("SET foreign_key_checks = 0, lock_wait_timeout = 10")
            await connection.exec_driver_sql(f"USE {name}")
            for filled in await _filled(connection, tables):
                await connection.exec_driver_sql(f"TRUNCATE {filled}")
        return True

    async def _drop(self, name: str) -> None:
        async with self._admin.connect() as connection:
            await connection.exec_driver_sql(f"DROP DATABASE {name}")


async def _tables_of(connection: AsyncConnection, database: str) -> set[str]:
    found = await connection.exec_driver_sql(f"SHOW TABLES FROM {database}")
    return {name for (name,) in found if not name.startswith("alembic_version")}


async def _filled(connection: AsyncConnection, tables: set[str]) -> list[str]:
    names = sorted(tables)
    found = (await connection.execute(select(*(exists().select_from(table(name)) for name in names)))).one()
    return [name for name, is_filled in zip(names, found, strict=True) if is_filled]
