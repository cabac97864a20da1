"""Which revisions a database has, of those that this program knows: told without Alembic, which only migrates.

A file of `migrations/versions` begins with the number that is its revision; the highest is the newest.
"""

import importlib
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from subgraphs.kernel.database import Database


async def behind(database: Database, *owners: str) -> list[str]:
    """Those of the owners whose newest revision the database lacks. One that a newer hospital has migrated lacks none.

    Raises DBAPIError, OSError.
    """
    async with database.reading() as session:
        connection = await session.connection()
        return [owner for owner in owners if await connection.run_sync(_is_behind, owner)]


def package_of(owner: str) -> str:
    return owner if "." in owner else f"subgraphs.{owner}"


def migrations_of(owner: str) -> Path:
    package = importlib.import_module(package_of(owner))
    return Path(package.__file__ or "").parent / "migrations"


def version_table(owner: str) -> str:
    return f"alembic_version_{owner.rpartition('.')[2]}"


def known_revisions(owner: str) -> set[str]:
    return {path.name.partition("_")[0] for path in (migrations_of(owner) / "versions").glob("[0-9]*_*.py")}


def _is_behind(connection: Connection, owner: str) -> bool:
    noted, known = _noted(connection, version_table(owner)), known_revisions(owner)
    return not noted or (noted <= known and max(known) not in noted)


def _noted(connection: Connection, versions: str) -> set[str]:
    if not inspect(connection).has_table(versions):
        return set()
    return set(connection.scalars(select(table(versions, column("version_num")).c.version_num)))
