"""How far something long is: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

Advance = Callable[[str, int], None]
"""Takes what is at hand, and how much is done, of the total."""

_LINE_EVERY_SECONDS = 5.0


@contextmanager
def progress(console: Console, total: int) -> Iterator[Advance]:
    with _bar(console, total) if console.is_terminal else _lines(console, total) as advance:
        yield advance


@contextmanager
def _bar(console: Console, total: int) -> Iterator[Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=max(total, 1))

        def advance(label: str, done: int) -> None:
            bar.update(task, description=f"{label:<22}", completed=done)

        yield advance


@contextmanager
def _lines(console: Console, total: int) -> Iterator[Advance]:
    said, said_at = "", 0.0

    def advance(label: str, done: int) -> None:
        nonlocal said, said_at
        now = time.monotonic()
        if label != said or now - said_at > _LINE_EVERY_SECONDS:
            said, said_at = label, now
            console.print(f"{label}: {100 * done // max(total, 1)} %", highlight=False)

    yield advance
