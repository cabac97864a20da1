"""What a command says, in one line, instead of doing what was asked."""

from collections.abc import Iterator
from contextlib import contextmanager


class CannotDo(Exception):
    """Shown to who gave the command; nothing was done."""

    status = 1


class CannotRun(CannotDo):
    """Of a component that cannot run as it is set: starting it again would help nobody (EX_CONFIG of sysexits)."""

    status = 78


class NotThere(CannotDo):
    """Of what a component needs and may find there later (EX_TEMPFAIL of sysexits)."""

    status = 75


@contextmanager
def as_it_is_set() -> Iterator[None]:
    """For a component: what it cannot do will not heal by itself, unless it is NotThere."""
    try:
        yield
    except NotThere:
        raise
    except CannotDo as error:
        raise CannotRun(str(error)) from None
