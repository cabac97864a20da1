"""The file of the codes of ICD-10-CM that set-up makes, and that records fills its table from.

It has a line for each code, `code TAB display`.
"""

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

FILE = Path(__file__).parent / "icd10cm.tsv"

_LOT = 2000


class NoCodes(Exception):
    """The file is not there, or is not what set-up makes."""

    def __init__(self, path: Path, *, damaged: bool = False) -> None:
        said = (
            "The list of the codes of ICD-10-CM is damaged" if damaged else "There is no list of the codes of ICD-10-CM"
        )
        again = "again, once that file is gone" if damaged else "it"
        super().__init__(f"{said} at {path}: `make setup` makes {again}.")


def digest(path: Path = FILE) -> str:
    """The SHA-256 of the file. Raises NoCodes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise NoCodes(path) from None


def lots(path: Path = FILE) -> Iterator[list[tuple[str, str]]]:
    """The codes with their words, some thousands at a time. Raises NoCodes, also for a file without any."""
    try:
        with path.open(encoding="utf-8") as file:
            lot = _lot(file)
            if not lot:
                raise NoCodes(path, damaged=True)
            while lot:
                yield lot
                lot = _lot(file)
    except OSError:
        raise NoCodes(path) from None
    except ValueError:
        raise NoCodes(path, damaged=True) from None


def _lot(lines: Iterator[str]) -> list[tuple[str, str]]:
    """Raises ValueError for a line that is no code."""
    return [_code(line) for line in islice(lines, _LOT)]


def _code(line: str) -> tuple[str, str]:
    code, display = line.rstrip("\n").split("\t")
    return code, display
