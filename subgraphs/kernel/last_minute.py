"""What was announced within the last minute: equal things are announced once."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from subgraphs.kernel.clock import Clock

_ONE_MINUTE = timedelta(minutes=1)
_REMEMBERED = 10_000


class LastMinute:
    """Of this process alone: what bounds the audit trail need not be exact, and costs no statement."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._added: dict[Hashable, datetime] = {}

    @contextmanager
    def announcing(self, what: Hashable) -> Iterator[bool]:
        """Around an announcement: whether it is to be made. One that fails, or whose caller goes away, was not made."""
        is_new = self._add(what)
        try:
            yield is_new
        except BaseException:
            if is_new:
                self._added.pop(what, None)
            raise

    def _add(self, what: Hashable) -> bool:
        """Whether it is new: the minute of what is known goes on."""
        now, added_at = self._clock.now(), self._added.get(what)
        if added_at is not None and now - added_at < _ONE_MINUTE:
            return False
        if len(self._added) > _REMEMBERED:
            self._added.clear()
        self._added[what] = now
        return True
