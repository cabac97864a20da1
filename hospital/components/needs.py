"""What a component needs before it begins: asked for once, and said in one line where it is not there."""

from sqlalchemy.exc import DBAPIError

from hospital.components.settings import database_setting
from hospital.names import MIGRATED_BY
from hospital.problems import CannotDo, NotThere
from subgraphs.kernel.away import is_away
from subgraphs.kernel.database import Database
from subgraphs.kernel.revisions import behind

_NOT_LET_IN = {1044, 1045, 1698, 3159}
_NOT_VOUCHED_FOR = "CERTIFICATE_VERIFY_FAILED"
_NO_DATABASE = 1049


async def check_database(name: str, database: Database) -> None:
    """Of a domain. Raises CannotDo where nobody of that user and password is let in, NotThere for all that may heal."""
    setting = database_setting(name)
    try:
        unmigrated = await behind(database, *MIGRATED_BY[name])
    except DBAPIError as error:
        raise why_not(setting, error) from None
    except OSError as error:
        raise NotThere(f"{setting}: the database cannot be reached: {error.strerror or error}.") from None
    except RuntimeError as error:
        if not is_away(error):
            raise
        raise NotThere(f"{setting}: the database hung up before it was asked anything.") from None
    if unmigrated:
        told = "run `hospital databases`, or in a data folder `hospital migrate`"
        raise NotThere(f"{setting}: tables of {' and '.join(unmigrated)} are older than this program: {told}.")


def why_not(setting: str, error: DBAPIError) -> CannotDo:
    code = (getattr(error.orig, "args", None) or (None,))[0]
    if _NOT_VOUCHED_FOR in str(error.orig):
        return CannotDo(f"{setting}: HOSPITAL_DATABASE_CA does not vouch for the server: {error.orig}.")
    if code in _NOT_LET_IN:
        return CannotDo(f"{setting}: the database lets nobody in with this user and password: {error.orig}.")
    if code == _NO_DATABASE:
        return NotThere(f"{setting}: there is no such database: run `hospital databases`.")
    return NotThere(f"{setting}: the database cannot be used: {error.orig}.")
