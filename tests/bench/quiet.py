"""When a hospital has nothing left to do, read from its databases beside it: that costs the hospital nothing."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hospital.names import NAMES

_LOOKS_EVERY_SECONDS, _WITHIN_SECONDS = 0.02, 120.0
_ENDS = "SELECT 'hospital.' || ?, coalesce(max(sequence), 0) FROM outbox"
_POSITIONS = "SELECT topic, position FROM positions"
_QUEUED = "SELECT count(*) FROM notifications WHERE status = 'QUEUED'"


async def until_quiet(data: Path) -> None:
    """Returns when every consumer has read all that was announced, and all mail and SMS are on their way out."""
    async with asyncio.timeout(_WITHIN_SECONDS):
        while not (_is_quiet(data) and _is_quiet(data)):  # noqa: ASYNC110  (no event tells it to another process)
            await asyncio.sleep(_LOOKS_EVERY_SECONDS)


def _is_quiet(data: Path) -> bool:
    ends = {topic: end for name in NAMES for topic, end in _rows(data, name, _ENDS, name)}
    places = [place for name in NAMES for place in _rows(data, name, _POSITIONS)]
    [(queued,)] = _rows(data, "notifications", _QUEUED)
    return queued == 0 and all(position >= ends[topic] for topic, position in places)


def _rows(data: Path, name: str, statement: str, *values: str) -> Iterator[tuple[str, int]]:
    with closing(sqlite3.connect(f"file:{data / name}.db?mode=ro", uri=True)) as database:
        yield from database.execute(statement, values).fetchall()
