"""What was announced within the last minute: equal things are announced once."""

from collections.abc import Hashable
from datetime import datetime, timedelta

from subgraphs.kernel.clock import Clock

_ONE_MINUTE = timedelta(minutes=1)
_REMEMBERED = 10_000


class LastMinute:
    """Of this process alone: what bounds the audit trail need not be exact, and costs no statement."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._added: dict[Hashable, datetime] = {}

    def has(self, what: Hashable) -> bool:
        added_at = self._added.get(what)
        return added_at is not None and self._clock.now() - added_at < _ONE_MINUTE

    def add(self, what: Hashable) -> None:
        if len(self._added) > _REMEMBERED:
            self._added.clear()
        self._added[what] = self._clock.now()

    def discard(self, what: Hashable) -> None:
        self._added.pop(what, None)
