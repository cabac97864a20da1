"""What the client of Kafka says: without a broker, each consumer of a process alone writes forty lines a second."""

import logging
import time

_AGAIN_AFTER_SECONDS = 60.0


class SaidBefore(logging.Filter):
    """Lets the same pass once a minute; what differs in its details alone is the same."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        now, what = time.monotonic(), (record.name, str(record.msg))
        if now - self._said_at.get(what, -_AGAIN_AFTER_SECONDS) < _AGAIN_AFTER_SECONDS:
            return False
        self._said_at[what] = now
        return True


def say_less(library: str) -> None:
    """Of all that it has imported by now: a filter hears its own logger alone, and none of those below."""
    once = SaidBefore()
    for name in list(logging.root.manager.loggerDict):
        if name == library or name.startswith(f"{library}."):
            logger = logging.getLogger(name)
            logger.filters[:] = [*(each for each in logger.filters if not isinstance(each, SaidBefore)), once]
