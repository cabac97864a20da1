"""Where the `hospital` command begins. Ctrl-C ends it in silence from here on, also while it still imports."""

import os
import signal
import sys

INTERRUPTED = 130

signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))

from hospital.command_line import run  # noqa: E402  the imports take a second


def main() -> None:
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
