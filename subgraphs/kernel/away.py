"""Failures that pass by themselves: a database or another domain is away, or too busy, and may soon be back."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from subgraphs.kernel.arrivals import NotAsked
from subgraphs.kernel.database import is_transient
from subgraphs.kernel.peers import Unanswered

_AWAY = (NotAsked, Unanswered, PoolTimeout, ConnectionError, TimeoutError)
_NO_CONNECTION, _NO_TIME = {1040, 1053, 2002, 2003, 2006, 2013, 2055}, {1317, 1969, 3024}
"""Codes of MySQL and MariaDB."""
_CUT_OFF = "Transport does not expose socket instance"
"""asyncmy's words, in a RuntimeError, for a connection that ended while it was made."""


def is_away(error: BaseException) -> bool:
    """Whether to ask again in a moment may be enough."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_transient(error) or code_of(error) in _NO_CONNECTION | _NO_TIME
    if isinstance(error, RuntimeError):
        return str(error) == _CUT_OFF
    return isinstance(error, _AWAY) or is_transient(error)


def code_of(error: DBAPIError) -> object:
    """What the database's driver says, where it says it with a number."""
    return (getattr(error.orig, "args", None) or (None,))[0]
