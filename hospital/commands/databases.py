"""`hospital databases`: makes what the components' addresses name, on a server of MySQL or MariaDB."""

import typer
from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from hospital.components.migrating import migrate_databases
from hospital.components.needs import why_not
from hospital.components.settings import AdminSettings, ComponentSettings
from hospital.folder import DataFolder
from hospital.loop import run
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.settings import read_component_settings, read_settings
from subgraphs.kernel.database import connect_arguments

ADMIN = "HOSPITAL_DATABASE_ADMIN_URL"


def databases() -> None:
    """Makes a database for each domain and a user that can reach no other, and migrates it. Safe to repeat.

    The mailbox, where mail goes that no server takes, is in the data folder.

    HOSPITAL_<DOMAIN>_DATABASE_URL says their names and passwords; HOSPITAL_DATABASE_ADMIN_URL, used by nothing else,
    who may make them.
    """
    components, folder = read_component_settings(), DataFolder(read_settings()[0].data)
    run(_make(components, _admin_url()))
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    run(migrate_databases(components, folder, lambda name: typer.echo(f"{name}: ready")))


def _admin_url() -> URL:
    given = AdminSettings().database_admin_url
    if given is None:
        raise CannotDo(f"{ADMIN} is not set: name a user who may make databases, mysql+asyncmy://root:…@host:3306/.")
    return make_url(given.get_secret_value())


async def _make(settings: ComponentSettings, admin: URL) -> None:
    arguments = connect_arguments(settings.database_ca)
    engine = create_async_engine(admin, isolation_level="AUTOCOMMIT", hide_parameters=True, connect_args=arguments)
    try:
        async with engine.connect() as connection:
            for name in NAMES:
                await _make_one(connection, make_url(settings.database_url(name)))
    except DBAPIError as error:
        raise why_not(ADMIN, error) from None
    finally:
        await engine.dispose()


async def _make_one(connection: AsyncConnection, url: URL) -> None:
    preparer = connection.dialect.identifier_preparer
    database = preparer.quote_identifier(_needed(url.database, url, "a database"))
    user, password = _needed(url.username, url, "a user"), _needed(url.password, url, "a password")
    if not password.isascii():
        raise CannotDo(f"{url.render_as_string()} has a password that the driver cannot send: it has to be ASCII.")
    who = f"{_quoted(user)}@'%'"
    for statement in (
        f"CREATE DATABASE IF NOT EXISTS {database} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY {_quoted(password)}",
        f"ALTER USER {who} IDENTIFIED BY {_quoted(password)}",
        f"GRANT ALL PRIVILEGES ON {_no_pattern(database)}.* TO {who}",
    ):
        await connection.exec_driver_sql(statement.replace("%", "%%"))


def _needed(part: str | None, url: URL, what: str) -> str:
    if not part:
        raise CannotDo(f"{url.render_as_string()} names no {what.removeprefix('a ')}: it needs {what}.")
    return part


def _no_pattern(identifier: str) -> str:
    """In a grant `_` and `%` stand for any other characters, too."""
    return identifier.replace("_", r"\_").replace("%", r"\%")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
