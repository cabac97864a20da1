"""The operations that an operator has listed in a file, read anew when it changes.

Either Apollo's manifest or a plain object: `{"<id>": "<document>"}`.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import structlog

MANIFEST = "apollo-persisted-query-manifest"
LOOK_SECONDS = 1.0
State = tuple[int, int, int]

log = structlog.get_logger()


class SafeListBroken(Exception):
    """The file is no list of operations; the message says why."""


class SafeList:
    """A document is known by its id, and by the SHA-256 of its text. Raises SafeListBroken where there is no list."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._state = state_of(path)
        self._take(read_list(path))
        self._looked_at = clock()
        self._reading: asyncio.Task[None] | None = None

    def get(self, id_: str) -> str | None:
        self._look()
        return self._texts.get(id_)

    def __contains__(self, text: str) -> bool:
        self._look()
        return text in self._ids

    def ids(self) -> Mapping[str, str]:
        """Of all that is listed now, by its text: another mapping when the list was read anew."""
        self._look()
        return self._ids

    async def refresh(self) -> None:
        """A list that is broken leaves the one before in its place."""
        state = state_of(self._path)
        if state == self._state:
            return
        self._state = state
        try:
            self._take(await asyncio.to_thread(read_list, self._path))
            log.info("the safe list was read anew", path=str(self._path), operations=len(self._ids))
        except SafeListBroken as error:
            log.error("the safe list is broken: the one before stays", path=str(self._path), reason=str(error))

    def _take(self, texts: dict[str, str]) -> None:
        self._texts = texts
        self._ids = {text: id_ for id_, text in texts.items()}

    def _look(self) -> None:
        if self._clock() - self._looked_at < LOOK_SECONDS or (self._reading and not self._reading.done()):
            return
        self._looked_at = self._clock()
        self._reading = asyncio.create_task(self.refresh())


def state_of(path: Path) -> State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_list(path: Path) -> dict[str, str]:
    try:
        listed = dict(entries(orjson.loads(path.read_bytes())))
    except OSError as error:
        raise SafeListBroken(f"it cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise SafeListBroken("it is no JSON") from None
    return {sha256(text.encode()).hexdigest(): text for text in listed.values()} | listed


def entries(document: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(document, dict):
        raise SafeListBroken("it is no object")
    if "format" in document and "operations" in document:
        yield from manifest_entries(document)
        return
    for id_, text in document.items():
        yield entry(id_, text)


def manifest_entries(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if document["format"] != MANIFEST or document.get("version", 1) != 1:
        raise SafeListBroken(f"its format is not version 1 of {MANIFEST}")
    if not isinstance(document["operations"], list):
        raise SafeListBroken("its operations are no list")
    for operation in document["operations"]:
        known = operation if isinstance(operation, dict) else {}
        yield entry(known.get("id"), known.get("body"))


def entry(id_: Any, text: Any) -> tuple[str, str]:
    if not isinstance(id_, str) or not isinstance(text, str) or not id_:
        raise SafeListBroken("an operation lacks its id or its text")
    return id_, text
