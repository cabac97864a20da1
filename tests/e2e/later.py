"""The `hospital` command, so many seconds ahead of the time: `python -m tests.e2e.later SECONDS up …`."""

import runpy
import sys
import time
from datetime import UTC, datetime

from subgraphs.kernel.clock import SystemClock

_real, _ahead_seconds = time.time, 0.0


def _moved() -> float:
    return _real() + _ahead_seconds


def make_movable() -> None:
    """For whatever is imported from now on, also where that keeps `time.time` itself."""
    time.time = _moved


def go_ahead(seconds: float) -> None:
    """For whatever was imported since `make_movable`."""
    global _ahead_seconds
    _ahead_seconds = seconds
    SystemClock.now = lambda self: datetime.fromtimestamp(time.time(), UTC)  # type: ignore[method-assign]


if __name__ == "__main__":
    make_movable()
    go_ahead(float(sys.argv.pop(1)))
    runpy.run_module("hospital", run_name="__main__")
