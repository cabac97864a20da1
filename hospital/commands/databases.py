"""`hospital databases`: makes what the components' addresses name, on a server of MySQL or MariaDB."""

from collections.abc import Mapping

import typer
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hospital.components.migrating import migrate_databases
from hospital.components.needs import why_not
from hospital.components.settings import AdminSettings, ComponentSettings, database_setting
from hospital.folder import DataFolder
from hospital.loop import run
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.settings import read_component_settings, read_settings
from subgraphs.kernel.database import connect_arguments

ADMIN = "HOSPITAL_DATABASE_ADMIN_URL"
_EXAMPLE = "mysql+asyncmy://root:password@host:3306/"


def databases() -> None:
    """Makes a database for each domain and a user that can reach no other, and migrates it. Safe to repeat.

    The mailbox, where mail goes that no server takes, is in the data folder.

    HOSPITAL_<DOMAIN>_DATABASE_URL says their names and passwords; HOSPITAL_DATABASE_ADMIN_URL, used by nothing else,
    who may make them.
    """
    components, folder = read_component_settings(), DataFolder(read_settings()[0].data)
    urls = {name: components.database(name).url for name in NAMES}
    run(_make(_admin(components), urls))
    run(migrate_databases(components, folder, lambda name: typer.echo(f"{name}: ready")))


def _admin(components: ComponentSettings) -> AsyncEngine:
    given = AdminSettings().database_admin_url
    if given is None:
        raise CannotDo(f"{ADMIN} is not set: name a user who may make databases, {_EXAMPLE}.")
    arguments = connect_arguments(components.database_ca)
    try:
        return create_async_engine(
            given.get_secret_value(), isolation_level="AUTOCOMMIT", hide_parameters=True, connect_args=arguments
        )
    except (SQLAlchemyError, ImportError, ValueError):
        raise CannotDo(f"{ADMIN} is no address such as {_EXAMPLE}.") from None


async def _make(engine: AsyncEngine, urls: Mapping[str, URL]) -> None:
    try:
        async with engine.connect() as connection:
            for name, url in urls.items():
                await _make_one(connection, database_setting(name), url)
    except DBAPIError as error:
        raise why_not(ADMIN, error) from None
    finally:
        await engine.dispose()


async def _make_one(connection: AsyncConnection, setting: str, url: URL) -> None:
    preparer = connection.dialect.identifier_preparer
    database = preparer.quote_identifier(_needed(url.database, setting, "database"))
    user, password = _needed(url.username, setting, "user"), _needed(url.password, setting, "password")
    if not password.isascii():
        raise CannotDo(f"{setting} has a password that the driver cannot send: it has to be ASCII.")
    who = f"{_quoted(user)}@'%'"
    for statement in (
        f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY {_quoted(password)}",
        f"ALTER USER {who} IDENTIFIED BY {_quoted(password)}",
        f"GRANT ALL PRIVILEGES ON {_no_pattern(database)}.* TO {who}",
    ):
        await connection.exec_driver_sql(statement.replace("%", "%%"))


def _needed(part: str | None, setting: str, what: str) -> str:
    if not part:
        raise CannotDo(f"{setting} names no {what}: it needs one.")
    return part


def _no_pattern(identifier: str) -> str:
    """In a grant `_` and `%` stand for any other characters, too."""
    return identifier.replace("_", r"\_").replace("%", r"\%")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
