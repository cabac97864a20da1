"""Whether the databases that the settings name let this component in, and which setting is wrong where they do not."""

import asyncio
from collections.abc import Iterable

from sqlalchemy.exc import DBAPIError

from hospital.components.settings import ComponentSettings
from hospital.problems import CannotDo

_DENIED = {1044, 1045, 1049, 1698, 3159}
_NOT_VOUCHED_FOR = "CERTIFICATE_VERIFY_FAILED"


async def check_databases(settings: ComponentSettings, names: Iterable[str]) -> None:
    """One that cannot be reached now is no setting that is wrong. Raises CannotDo."""
    await asyncio.gather(*(_check(settings, name) for name in names))


def cannot_use(setting: str, error: DBAPIError) -> CannotDo:
    """What the server says, behind the setting that is to be looked at."""
    said = str(error.orig.args[-1] if error.orig and error.orig.args else error.orig)
    if _NOT_VOUCHED_FOR in said:
        return CannotDo(f"HOSPITAL_DATABASE_CA does not vouch for the server of {setting}: {said}.")
    return CannotDo(f"{setting} names a database that cannot be used: {said}.")


async def _check(settings: ComponentSettings, name: str) -> None:
    database = settings.database(name)
    try:
        async with database.engine.connect():
            pass
    except DBAPIError as error:
        code = error.orig.args[0] if error.orig and error.orig.args else None
        if code in _DENIED or _NOT_VOUCHED_FOR in str(error.orig):
            raise cannot_use(f"HOSPITAL_{name.upper()}_DATABASE_URL", error) from None
    finally:
        await database.close()
