"""One domain's database: reads, and `transaction()`, the only place where anything is committed.

SQLite has one writer at a time, so writers queue here instead of failing there; readers never wait (WAL).
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from ssl import create_default_context
from typing import Any, TypeVar

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.rows import READER, write_rows
from subgraphs.kernel.sqlite import connector, put_off_in, run_here_in

T = TypeVar("T")
AfterCommit = Callable[[list[Any]], Awaitable[None]]

_ATTEMPTS = 8
_TRIED_FOR_SECONDS = 12.0
ANSWER_SECONDS = 10.0
_LOCK_SECONDS = 5
_TRANSIENT_MYSQL_CODES = {1205, 1213, 3572}
_PENDING_EVENTS = "pending_events"
_NOW = text("SELECT CAST(UTC_TIMESTAMP(6) AS CHAR)")
_NOW_OF_SQLITE = text("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")


class Race(Exception):
    """Another transaction was first: run this one again, it will then see what the other wrote."""


async def _nothing(events: list[Any]) -> None:
    return None


class Database:
    """`url` is a SQLAlchemy URL of aiosqlite or asyncmy; `after_commit` gets what the transaction recorded.

    Of a server: `ca`, a file of certificates, is whom it must be vouched for by, over TLS; None asks for no TLS.
    It answers a statement within `answer_seconds`, or the connection is given up; None waits for as long as it takes.
    """

    def __init__(
        self, url: str, *, readers: int = 4, ca: Path | None = None, answer_seconds: float | None = ANSWER_SECONDS
    ) -> None:
        self.url: URL = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.after_commit: AfterCommit = _nothing
        self._writer_queue = asyncio.Lock() if self.is_sqlite else nullcontext()
        server = {} if self.is_sqlite else _server_options(ca, answer_seconds)
        self._writer = _engine(self.url, 1 if self.is_sqlite else 8, server)
        self._reader = _reading_engine(self.url, readers, server)

    @property
    def engine(self) -> AsyncEngine:
        return self._writer

    def pools(self) -> dict[str, Pool]:
        return {"writer": self._writer.pool, "reader": self._reader.pool}

    def is_written(self) -> bool:
        """Whether somebody in this process is in a transaction; where many may be at once, that is not known."""
        return isinstance(self._writer_queue, asyncio.Lock) and self._writer_queue.locked()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session to read with: each statement sees what is committed when it runs."""
        session = AsyncSession(self._reader, expire_on_commit=False, autoflush=False, info={READER: self._reader})
        async with _closing(session):
            yield session

    async def transaction(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Runs `work`, commits it once, hands its events over. Runs it again whole on a deadlock or lock time-out."""
        give_up_at = time.monotonic() + _TRIED_FOR_SECONDS
        for attempt in range(_ATTEMPTS):
            try:
                result, events = await self._attempt(work)
            except (DBAPIError, Race) as error:
                if attempt == _ATTEMPTS - 1 or not is_transient(error) or time.monotonic() > give_up_at:
                    raise
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))
                continue
            await self.after_commit(events)
            return result
        raise AssertionError("unreachable")

    async def _attempt(self, work: Callable[[AsyncSession], Awaitable[T]]) -> tuple[T, list[Any]]:
        async with self._writer_queue, _closing(AsyncSession(self._writer, expire_on_commit=False)) as session:
            result = await work(session)
            await write_rows(session, put_off=True)
            await session.commit()
            return result, session.info.get(_PENDING_EVENTS, [])

    async def clock_ahead(self, of: Clock) -> timedelta:
        """How far its clock is ahead of that one; a server has a clock of its own."""
        async with self.reading() as session:
            told = await (await session.connection()).scalar(_NOW_OF_SQLITE if self.is_sqlite else _NOW)
        return datetime.fromisoformat(f"{told}+00:00") - of.now()

    async def close(self) -> None:
        await self._writer.dispose()
        await self._reader.dispose()


@asynccontextmanager
async def _closing(session: AsyncSession) -> AsyncIterator[AsyncSession]:
    """Like the session itself, which makes a task of its closing, but for that where all went well."""
    try:
        yield session
    except BaseException:
        with suppress(Exception):  # what went wrong first is what is told, a cancellation above all
            await asyncio.shield(asyncio.create_task(_undone(session)))
        raise
    if session.in_transaction() or READER not in session.info:
        await session.close()


async def _undone(session: AsyncSession) -> None:
    """A rollback makes rows new again, which those that are only let go of are not: added once more, none is lost."""
    try:
        await session.rollback()
    finally:
        await session.close()


def pending_events(session: AsyncSession) -> list[Any]:
    """What the session's transaction has recorded so far, to be handed over once it is committed."""
    events: list[Any] = session.info.setdefault(_PENDING_EVENTS, [])
    return events


def is_transient(error: BaseException) -> bool:
    """Whether the same work can succeed when it is run again."""
    if isinstance(error, Race):
        return True
    if not isinstance(error, DBAPIError) or error.orig is None:
        return False
    arguments = error.orig.args or (None,)
    return arguments[0] in _TRANSIENT_MYSQL_CODES or "database is locked" in str(error.orig)


def connect_arguments(ca: Path | None) -> dict[str, Any]:
    """What the driver of a server is given to reach it, also by who is no `Database`."""
    return {"connect_timeout": 5} if ca is None else {"connect_timeout": 5, "ssl": create_default_context(cafile=ca)}


def _server_options(ca: Path | None, answer_seconds: float | None) -> dict[str, Any]:
    arguments = connect_arguments(ca)
    if answer_seconds is not None:
        waits = f"SET innodb_lock_wait_timeout = {_LOCK_SECONDS}, lock_wait_timeout = {_LOCK_SECONDS}"
        arguments |= {"read_timeout": answer_seconds, "init_command": waits}
    return {"connect_args": arguments, "pool_pre_ping": True, "pool_timeout": ANSWER_SECONDS}


def _engine(url: URL, size: int, server: dict[str, Any]) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(
            url, pool_size=size, isolation_level="READ COMMITTED", hide_parameters=True, **server
        )
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        creator=connector(_path(url), begin="BEGIN IMMEDIATE"),
        hide_parameters=True,
    )
    put_off_in(engine)
    return engine


def _reading_engine(url: URL, size: int, server: dict[str, Any]) -> AsyncEngine:
    """Each statement stands alone: nothing is begun and nothing rolled back."""
    options: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
        "hide_parameters": True,
        **server,
    }
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        options["creator"] = connector(_path(url), begin=None)
    engine = create_async_engine(
        url, poolclass=AsyncAdaptedQueuePool, pool_size=size, max_overflow=0, pool_reset_on_return=None, **options
    )
    if is_sqlite:
        run_here_in(engine)
    return engine


def _path(url: URL) -> str:
    return url.database or ":memory:"
