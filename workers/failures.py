"""Which failures pass by themselves, and how to name one without what it was about."""

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from subgraphs.kernel.database import Race, is_transient

_PASSING = (OperationalError, ConnectionError, TimeoutError, PoolTimeout)


def passes(error: BaseException) -> bool:
    """Whether the same work can succeed later though nothing about it changes.

    A row that stands in the way was no race when it still does after the transaction was run again and again.
    """
    if isinstance(error, Race):
        return not isinstance(error.__cause__, IntegrityError)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return is_transient(error) or isinstance(error, _PASSING)


def named(error: BaseException) -> str:
    """The kind of an error and where it was raised, without its text, which may hold personal data."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = "" if frame is None else f" at {frame.tb_frame.f_globals.get('__name__')}:{frame.tb_lineno}"
    return type(error).__name__ + where
