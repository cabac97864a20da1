"""A bulk export's folder: which files it has, and their lines one at a time, however long or damaged."""

import gzip
import re
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import orjson

MAXIMUM_LINE_BYTES = 5_000_000

_NAME = re.compile(r".+\.(ndjson|jsonl)(\.gz)?", re.IGNORECASE)
_RESOURCE = re.compile(r"(?<![A-Za-z])(?P<kind>[A-Z][a-z]+([A-Z][a-z]+)*)(?![A-Za-z])")
_PEEKED_BYTES = 64_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NotAnExport(Exception):
    """There is no export where one was looked for."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file; `content` is None where it could not be read, and `problem` says why."""

    file: str
    number: int
    content: bytes | None
    problem: str = ""

    @property
    def place(self) -> str:
        return f"{self.file}:{self.number}"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """`kind` is the resource type its lines are of, as its name or else its first line says; "" for neither."""

    path: Path
    kind: str

    @property
    def name(self) -> str:
        return self.path.name

    def size_bytes(self) -> int:
        return self.path.stat().st_size


def find_files(export: Path, kinds: Collection[str]) -> list[ExportFile]:
    """The NDJSON files of a folder (or the one file given), by name. Raises NotAnExport when there are none.

    `kinds` are the resource types that are looked for: one of them in a file's name is what its lines are of.
    """
    if not export.exists():
        raise NotAnExport(f"There is no file or folder {export}.")
    paths = sorted(export.iterdir()) if export.is_dir() else [export]
    files = [ExportFile(path, _kind_of(path, kinds)) for path in paths if path.is_file() and _NAME.fullmatch(path.name)]
    if not files:
        what = "holds no" if export.is_dir() else "is no"
        raise NotAnExport(f"{export} {what} .ndjson or .ndjson.gz file: name a FHIR bulk export's folder or file.")
    return files


def read_lines(file: ExportFile, read_bytes: "ReadBytes | None" = None) -> Iterator[Line]:
    """The lines that are not blank, numbered from 1. A damaged file ends with a line that says so."""
    number = 0
    try:
        with _opened(file.path) as (stream, raw):
            while content := stream.readline(MAXIMUM_LINE_BYTES + 1):
                number += 1
                line = _line(file, number, content, stream)
                if read_bytes is not None:
                    read_bytes.now_at(raw.tell())
                if line is not None:
                    yield line
    except (OSError, EOFError, zlib.error) as error:
        yield Line(file.name, number + 1, None, f"the file cannot be read on from here ({error})")


class ReadBytes:
    """How far the reading is, in bytes on disk, over all files."""

    def __init__(self) -> None:
        self.total = 0
        self._here = 0

    def now_at(self, position: int) -> None:
        self.total += position - self._here
        self._here = position

    def next_file(self) -> None:
        self._here = 0


def _line(file: ExportFile, number: int, content: bytes, stream: BinaryIO) -> Line | None:
    if len(content) > MAXIMUM_LINE_BYTES and not content.endswith(b"\n"):
        _skip_to_the_end_of_the_line(stream)
        return Line(file.name, number, None, f"longer than {MAXIMUM_LINE_BYTES:,} bytes")
    stripped = content.removeprefix(_BYTE_ORDER_MARK).strip()
    return Line(file.name, number, stripped) if stripped else None


def _skip_to_the_end_of_the_line(stream: BinaryIO) -> None:
    while (more := stream.readline(MAXIMUM_LINE_BYTES)) and not more.endswith(b"\n"):
        pass


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The stream of lines, and the file below it, whose position is how far the reading is."""
    with path.open("rb") as raw:
        if path.suffix.lower() != ".gz":
            yield raw, raw
            return
        with gzip.GzipFile(fileobj=raw) as unpacked:
            yield unpacked, raw  # type: ignore[misc]  # a GzipFile reads as a BinaryIO does


def _kind_of(path: Path, kinds: Collection[str]) -> str:
    named = [match["kind"] for match in _RESOURCE.finditer(path.name)]
    taken = next((kind for kind in named if kind in kinds), None)
    return taken or _kind_of_first_line(path) or next(iter(named), "")


def _kind_of_first_line(path: Path) -> str:
    try:
        with _opened(path) as (stream, _):
            resource = orjson.loads(stream.readline(_PEEKED_BYTES).removeprefix(_BYTE_ORDER_MARK))
        return str(resource["resourceType"])
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError, KeyError, TypeError):
        return ""
