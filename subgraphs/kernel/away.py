"""Failures that pass by themselves: a database or another domain is away, or too busy, and may soon be back."""

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from subgraphs.kernel.arrivals import NotAsked
from subgraphs.kernel.database import is_transient
from subgraphs.kernel.peers import Unanswered

_AWAY = (NotAsked, Unanswered, PoolTimeout, ConnectionError, TimeoutError)
_CLIENT_CODES = range(2000, 3000)
"""Of MySQL: what its client says for want of an answer."""


def is_away(error: BaseException) -> bool:
    """Whether to ask again in a moment may be enough."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, _AWAY) or is_transient(error) or _is_no_answer(error)


def _is_no_answer(error: BaseException) -> bool:
    if not isinstance(error, OperationalError) or error.orig is None:
        return False
    return bool(error.orig.args) and error.orig.args[0] in _CLIENT_CODES
