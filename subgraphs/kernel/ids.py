"""Identifiers: UUID version 7 (RFC 9562), which sort by the time they were made."""

import re
import secrets
import threading
import time

ID_LENGTH = 36

_RANDOM_BITS = 74
_FORM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class IdSource:
    """Makes ids that only ever grow within one process, also when the clock steps back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> str:
        moment = time.time_ns() // 1_000_000 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            self._last = max(moment, self._last + 1)
            return _text(self._last)


def _text(value: int) -> str:
    """48 bits of milliseconds, version 7, 12 bits, variant 10, 62 bits."""
    milliseconds, upper, lower = value >> 74, value >> 62 & 0xFFF, value & (1 << 62) - 1
    digits = f"{milliseconds << 80 | 0x7 << 76 | upper << 64 | 0b10 << 62 | lower:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


_source = IdSource()


def new_id() -> str:
    """A new id: 36 characters, later ones sort after earlier ones."""
    return _source.next()


def is_id(text: str) -> bool:
    """Whether the text has the form of an id: what has not is unknown without asking the database."""
    return _FORM.fullmatch(text) is not None
