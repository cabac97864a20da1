"""The `hospital` command, so many seconds ahead of the time: `python -m tests.e2e.later SECONDS up …`."""

import runpy
import sys
import time
from datetime import UTC, datetime

from subgraphs.kernel.clock import SystemClock


def go_ahead(seconds: float) -> None:
    """For whatever is imported from now on."""
    real = time.time
    time.time = lambda: real() + seconds
    SystemClock.now = lambda self: datetime.fromtimestamp(time.time(), UTC)  # type: ignore[method-assign]


if __name__ == "__main__":
    go_ahead(float(sys.argv.pop(1)))
    runpy.run_module("hospital", run_name="__main__")
