"""The signed heads of the chain, in a file outside the database: who changes the database cannot change them too.

A line each, in JSON: `sequence`, `hash`, `at` and `signature`, the hex HMAC-SHA256 of the RFC 8785 form of the rest.
"""

import hmac
import os
from dataclasses import dataclass
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import orjson

from subgraphs.audit.rules import Mark, canonical_json

MINIMUM_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignedHead:
    """That the chain stood at `mark` at that instant (as the API prints it)."""

    mark: Mark
    at: str


class BadHead(Exception):
    """A line of the heads file is not what this hospital signed."""


class Heads(Protocol):
    """Blocking: called in a thread."""

    def append(self, head: SignedHead) -> None:
        """Nothing where one as new is there already: another signed it meanwhile."""
        ...

    def all(self) -> list[SignedHead | BadHead]:
        """Oldest first; a BadHead in the place of each line whose signature is not good."""
        ...

    def last(self) -> SignedHead | None:
        """The newest. Raises BadHead when its signature is not good."""
        ...


class HeadsFile:
    """`key` signs; whoever has it and the file can forge both, so it is kept apart from the database."""

    def __init__(self, path: Path, key: bytes) -> None:
        if len(key) < MINIMUM_KEY_BYTES:
            raise ValueError(f"the key of the audit's heads has at least {MINIMUM_KEY_BYTES} bytes")
        self._path, self._key = path, key

    def append(self, head: SignedHead) -> None:
        """On the disk when it returns. A line that a crash cut short before is dropped. One at a time has the file."""
        line = orjson.dumps(_fields(head) | {"signature": self._signature(head)}, option=orjson.OPT_APPEND_NEWLINE)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            flock(descriptor, LOCK_EX)
            if self._signed_up_to() >= head.mark.sequence:
                return
            file.truncate(len(b"".join(self._lines())))
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    def all(self) -> list[SignedHead | BadHead]:
        return [self._read(number, line) for number, line in enumerate(self._lines(), start=1)]

    def last(self) -> SignedHead | None:
        lines = self._lines()
        head = self._read(len(lines), lines[-1]) if lines else None
        if isinstance(head, BadHead):
            raise head
        return head

    def _signed_up_to(self) -> int:
        return max((head.mark.sequence for head in self.all() if isinstance(head, SignedHead)), default=-1)

    def _lines(self) -> list[bytes]:
        """Whole lines only."""
        content = self._path.read_bytes() if self._path.exists() else b""
        return content[: content.rfind(b"\n") + 1].splitlines(keepends=True)

    def _read(self, number: int, line: bytes) -> SignedHead | BadHead:
        try:
            fields = orjson.loads(line)
            head = SignedHead(Mark(int(fields["sequence"]), str(fields["hash"])), str(fields["at"]))
            if hmac.compare_digest(self._signature(head).encode(), str(fields["signature"]).encode()):
                return head
        except (ValueError, KeyError, TypeError):
            pass
        return BadHead(f"{self._path.name}:{number}: not a head that was signed with this key")

    def _signature(self, head: SignedHead) -> str:
        return hmac.new(self._key, canonical_json(_fields(head)), sha256).hexdigest()


def _fields(head: SignedHead) -> dict[str, str | int | None]:
    return {"sequence": head.mark.sequence, "hash": head.mark.hash, "at": head.at}
