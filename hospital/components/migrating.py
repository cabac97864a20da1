"""Bringing the databases of components to the newest revision, before any of them begins."""

from collections.abc import Callable

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from hospital.components.needs import why_not
from hospital.components.settings import ComponentSettings, database_setting
from hospital.folder import DataFolder
from hospital.names import MIGRATED_BY, NAMES
from hospital.problems import CannotDo
from subgraphs.kernel.database import Database
from subgraphs.kernel.migrate import upgrade


async def migrate_databases(components: ComponentSettings, folder: DataFolder, on_each: Callable[[str], None]) -> None:
    """That of each domain, and the mailbox of the data folder; safe to repeat. Raises CannotDo, NotThere."""
    for name in NAMES:
        await _migrate(name, database_setting(name), components.database(name, answer_seconds=None))
        on_each(name)
    folder.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    await _migrate("mailbox", "HOSPITAL_DATA", Database(folder.database_url("mailbox")))
    on_each("mailbox")


async def _migrate(name: str, setting: str, database: Database) -> None:
    try:
        await upgrade(database, *MIGRATED_BY[name])
    except CommandError as error:  # such as a revision that a newer hospital has made
        raise CannotDo(f"{setting}: the database cannot be migrated: {error}.") from None
    except DBAPIError as error:
        raise why_not(setting, error) from None
    finally:
        await database.close()
