"""Reading text/event-stream (https://html.spec.whatwg.org/multipage/server-sent-events.html), within bounds."""

import re
from collections.abc import Iterator
from typing import NamedTuple

BYTE_ORDER_MARK = "\ufeff".encode()
LINE_END = re.compile(rb"\r\n|\n|\r")


class Event(NamedTuple):
    name: str
    data: bytes


class EventTooLarge(Exception):
    """One event is larger than may be read."""


class EventReader:
    """What says nothing of an event is passed over: comments, ids, times to reconnect in."""

    def __init__(self, event_bytes: int) -> None:
        self._most = event_bytes
        self._pieces: list[bytes] = []
        self._name, self._data = "", list[bytes]()
        self._bytes = 0
        self._after_return = False
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Raises EventTooLarge."""
        if self._after_return:
            chunk = chunk.removeprefix(b"\n")
        self._after_return = chunk.endswith(b"\r")
        first, *others = LINE_END.split(chunk)
        self._add(first)
        for piece in others:
            line, self._pieces = b"".join(self._pieces), []
            if line:
                self._take(line)
            elif event := self._ended():
                yield event
            self._add(piece)

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._bytes += len(piece)
        if self._bytes > self._most:
            raise EventTooLarge

    def _take(self, line: bytes) -> None:
        if not self._begun:
            self._begun, line = True, line.removeprefix(BYTE_ORDER_MARK)
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"data":
            self._data.append(value)
        else:
            self._bytes -= len(line)

    def _ended(self) -> Event | None:
        found = Event(self._name, b"\n".join(self._data)) if self._name or self._data else None
        self._name, self._data, self._bytes = "", [], 0
        return found
