"""A component that another process has started ends when that does, however that comes to its end.

Whoever starts it holds the other end of its standard input: that closes with a process, whatever kills it. A thread
waits for it, which a loop that is busy or has not begun does not hold up.
"""

import os
import signal
import threading
import time

_STDIN, _OUTPUTS = 0, (1, 2)
LAST_SECONDS = 20.0
ABANDONED = 70


def end_with_standard_input(last_seconds: float = LAST_SECONDS) -> None:
    """As SIGTERM does, and after `last_seconds` in any case."""
    threading.Thread(target=_wait, args=(last_seconds,), name="supervisor", daemon=True).start()


def _wait(last_seconds: float) -> None:
    while os.read(_STDIN, 1024):
        pass
    _fall_silent()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(last_seconds)
    os._exit(ABANDONED)


def _fall_silent() -> None:
    """Nobody reads what it writes any more, and writing would fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in _OUTPUTS:
        os.dup2(nowhere, output)
