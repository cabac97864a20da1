"""What is imported when some modules are, told by forks: what several begin with is imported once.

`python -m tests.hospital.components.importing` reads rows of modules from its standard input, as JSON, imports those of
a row one after another, and writes a line for each row: all modules that there are then.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

Row = tuple[str, ...]


def imported_by(rows: Iterable[Row]) -> dict[Row, set[str]]:
    """Every module, by each row, that an interpreter has which imports that row, and what it takes to tell of it."""
    command = [sys.executable, "-m", "tests.hospital.components.importing"]
    asked = json.dumps(list(rows))
    said = subprocess.run(command, input=asked, check=True, stdout=subprocess.PIPE, text=True)
    told = [json.loads(line) for line in said.stdout.splitlines()]
    return {tuple(row): set(modules) for row, modules in told}


def tell(rows: Sequence[Row], imported: Row = ()) -> None:
    """Of rows that go on where those modules are imported."""
    if () in rows:
        print(json.dumps([imported, list(sys.modules)]), flush=True)  # noqa: T201
    for first in {row[0]: None for row in rows if row}:
        pid = os.fork()
        if pid == 0:
            import_module(first)
            tell([row[1:] for row in rows if row[:1] == (first,)], (*imported, first))
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status:
            sys.exit(1)


if __name__ == "__main__":
    tell([tuple(row) for row in json.load(sys.stdin)])
