"""A server of databases that keeps others waiting: an error after a bounded time, and all goes on afterwards."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from subgraphs.kernel import database as kernel_database
from subgraphs.kernel.away import is_away
from subgraphs.kernel.database import Database
from subgraphs.kernel.rows import run
from subgraphs.kernel.tables import PositionRow
from tests.services import mariadb

_ONE = text("SELECT 1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mariadb.Server]:
    if not mariadb.can_run():
        pytest.skip(mariadb.MISSING)
    with mariadb.running(tmp_path_factory.mktemp("waiting")) as opened:
        yield opened


@pytest.fixture
async def hasty(server: mariadb.Server) -> AsyncIterator[Database]:
    """Gives a server up that says nothing for half a second."""
    database = Database(server.url(), answer_seconds=0.5)
    yield database
    await database.close()


async def read(database: Database) -> int:
    async with database.reading() as session:
        return int((await run(session, _ONE)).scalar_one())


async def write(database: Database) -> int:
    async def work(session) -> int:
        return int((await run(session, _ONE)).scalar_one())

    return await database.transaction(work)


@pytest.mark.parametrize("ask", [read, write])
@pytest.mark.parametrize("is_known", [False, True])
async def test_a_server_that_stands_still_is_given_up_and_asked_again_later(server, hasty, ask, is_known):
    if is_known:
        await asyncio.gather(*(ask(hasty) for _ in range(4)))
    with server.paused():
        began = time.monotonic()
        answers = await asyncio.gather(*(ask(hasty) for _ in range(4)), return_exceptions=True)
        assert time.monotonic() - began < 8
        assert {type(answer) for answer in answers} == {OperationalError}
        assert all(map(is_away, answers))
    assert await asyncio.gather(*(ask(hasty) for _ in range(4))) == [1] * 4


async def test_a_server_that_dies_in_a_transaction_is_an_error_and_the_next_works(server, hasty):
    async def work(session) -> None:
        await run(session, _ONE)
        server.kill()
        await run(session, _ONE)

    with pytest.raises(DBAPIError) as torn:
        await hasty.transaction(work)
    with pytest.raises(DBAPIError) as gone:
        await read(hasty)
    assert (is_away(torn.value), is_away(gone.value)) == (True, True)
    server.start()
    assert (await read(hasty), await write(hasty)) == (1, 1)


async def asked_who_hangs_up() -> Exception:
    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at = writer.get_extra_info("socket")
        at.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    database = Database(f"mysql+asyncmy://a:b@127.0.0.1:{server.sockets[0].getsockname()[1]}/c")
    try:
        async with server:
            return (await asyncio.gather(read(database), return_exceptions=True))[0]  # type: ignore[return-value]
    finally:
        await database.close()


@pytest.mark.parametrize("run_loop", [asyncio.run, pytest.importorskip("uvloop").run])
def test_a_server_that_hangs_up_at_once_is_away(run_loop):
    assert is_away(run_loop(asked_who_hangs_up()))


@pytest.mark.mysql
async def test_a_lock_that_somebody_holds_is_waited_for_a_bounded_time(base, count_of, monkeypatch):
    monkeypatch.setattr(kernel_database, "_LOCK_SECONDS", 1)
    monkeypatch.setattr(kernel_database, "_TRIED_FOR_SECONDS", 1.5)
    other = Database(base.database.url.render_as_string(hide_password=False))
    tries = []

    async def put(session) -> None:
        tries.append(1)
        session.add(PositionRow(consumer="a", topic="t", position=1))
        await session.flush()

    async def hold(session) -> None:
        await put(session)
        tries.clear()
        with pytest.raises(OperationalError, match="Lock wait timeout"):
            await asyncio.wait_for(other.transaction(put), 8)
        raise LookupError

    with pytest.raises(LookupError):
        await base.database.transaction(hold)
    assert 2 <= len(tries) <= 3
    await other.transaction(put)
    assert await count_of(PositionRow) == 1
    await other.close()
