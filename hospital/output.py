"""What a process says beside its work: where it cannot be said, on a full disk or a closed pipe, it is dropped."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast


class Dropping:
    """A stream of text that never fails."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: object) -> int:
        if not isinstance(text, str):  # click tries bytes, to learn what a stream is for
            raise TypeError(f"a stream of text takes no {type(text).__name__}")
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def dropping(stream: TextIO) -> TextIO:
    return cast(TextIO, Dropping(stream))


@contextmanager
def heard_or_not() -> Iterator[None]:
    """The output of this process never fails within."""
    out, err = sys.stdout, sys.stderr
    with redirect_stdout(dropping(out)), redirect_stderr(dropping(err)):
        yield
    for stream in (out, err):
        _let_go(stream)


def _let_go(stream: TextIO) -> None:
    """What is left in its buffer would fail once more as the process ends."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
