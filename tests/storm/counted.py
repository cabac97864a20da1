"""The databases of a server, read by SQL alone: whether something is left to do, and all of it as files of SQLite.

What checks the files of a hospital in one process then checks those of one that has a server.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from tests.services.mariadb import Server
from tests.workers.post import PostOffice

_WAITS = {
    "payments": "SELECT count(*) FROM billing.payments WHERE ask_at IS NOT NULL",
    "mail and SMS": "SELECT count(*) FROM notifications.notifications WHERE status = 'QUEUED'",
}


async def waits(server: Server, domains: Sequence[str]) -> dict[str, int]:
    """What is still to be done in the databases, and how much of it."""
    unpublished = "SELECT count(*) FROM {}.outbox WHERE published_at IS NULL"
    counted = _WAITS | {f"outbox of {name}": unpublished.format(name) for name in domains}
    async with create_async_engine(server.url(), poolclass=NullPool).connect() as connection:
        found = {what: await _count(connection, counting) for what, counting in counted.items()}
        announced = [await _count(connection, f"SELECT count(*) FROM {name}.outbox") for name in domains]  # noqa: S608
        found["audit trail"] = sum(announced) - await _count(connection, "SELECT count(*) FROM audit.audit_events")
    return {what: number for what, number in found.items() if number}


async def let_half_a_minute_pass(server: Server) -> None:
    """For payments: their provider is asked as soon as one that hears nothing of it asks again."""
    asked = "UPDATE billing.payments SET ask_at = UTC_TIMESTAMP(6) WHERE ask_at > UTC_TIMESTAMP(6)"
    async with create_async_engine(server.url(), poolclass=NullPool).begin() as connection:
        await connection.exec_driver_sql(asked)


async def write_out(server: Server, domains: Sequence[str], folder: Path) -> None:
    """A file for each domain with all its tables: amounts in the minor unit, instants as text, as SQLite has them."""
    async with create_async_engine(server.url(), poolclass=NullPool).connect() as connection:
        for name in domains:
            with closing(sqlite3.connect(folder / f"{name}.db")) as file, file:
                for (table,) in (await connection.exec_driver_sql(f"SHOW TABLES FROM {name}")).all():
                    await _copy(connection, f"{name}.{table}", file, table)


async def _copy(connection: AsyncConnection, source: str, file: sqlite3.Connection, table: str) -> None:
    found = await connection.exec_driver_sql(f"SELECT * FROM {source}")  # noqa: S608
    columns = list(found.keys())
    file.execute(f"CREATE TABLE {table} ({', '.join(f'[{column}]' for column in columns)})")
    marks = ", ".join("?" * len(columns))
    file.executemany(f"INSERT INTO {table} VALUES ({marks})", ([_kept(value) for value in row] for row in found))  # noqa: S608


def _kept(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value.scaleb(2))
        case datetime():
            return value.isoformat(" ", "microseconds")
        case date():
            return value.isoformat()
    return value


def write_mail(office: PostOffice, mailbox: Path) -> int:
    """Beside the SMS that are there. How often one came again, with the same Message-ID and the same words."""
    taken: dict[str, tuple[str, ...]] = {}
    for to, mail in office.taken:
        text = mail.get_body(("plain",))
        assert text is not None
        said = (to, str(mail["Subject"]), text.get_content().strip())
        assert taken.setdefault(str(mail["Message-ID"]), said) == said, "one Message-ID, and not the same mail"
    statement = "INSERT INTO mails (id, [to], subject, text, html, message_id, at) VALUES (?, ?, ?, ?, '', ?, '')"
    with closing(sqlite3.connect(mailbox)) as file, file:
        file.executemany(statement, [(id, *said, id) for id, said in taken.items()])
    return len(office.taken) - len(taken)


async def _count(connection: AsyncConnection, statement: str) -> int:
    return int((await connection.exec_driver_sql(statement)).scalar_one())
