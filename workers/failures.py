"""Which failures pass by themselves, and how to name one without what it was about."""

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from subgraphs.kernel.away import code_of, is_away
from subgraphs.kernel.database import Race

_NO_ROOM = {1021, 1114}
_OTHER_TABLES = {1054, 1142, 1143, 1146, 1364, 1412}
"""Codes of MySQL and MariaDB for a column, a grant, a table or a default that is not there, and one that changes."""

_OTHER_TABLES_OF_SQLITE = ("no such table", "no such column", "has no column named")


def passes(error: BaseException) -> bool:
    """Whether the same work can succeed later though nothing about it changes.

    A row that stands in the way was no race when it still does after the transaction was run again and again.
    """
    if isinstance(error, Race):
        return not isinstance(error.__cause__, IntegrityError)
    return is_everybodys(error) or isinstance(error, OperationalError)


def is_everybodys(error: BaseException) -> bool:
    """Whether it passes, and no message can be at fault: time ran out, or a lock, a table or a connection is not there.

    Nor is it a message's own to be always deadlocked: that takes another, who ends.
    """
    if isinstance(error, Race):
        return False
    if is_away(error):
        return True
    if not isinstance(error, DBAPIError):
        return False
    told = str(error.orig)
    return code_of(error) in _NO_ROOM | _OTHER_TABLES or any(text in told for text in _OTHER_TABLES_OF_SQLITE)


def named(error: BaseException) -> str:
    """The kind of an error and where it was raised, without its text, which may hold personal data."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = "" if frame is None else f" at {frame.tb_frame.f_globals.get('__name__')}:{frame.tb_lineno}"
    return type(error).__name__ + where
