"""The codes of ICD-10-CM, found in a file that set-up makes: a line each, `code TAB display`, sorted by code.

Nothing of it is loaded: a look-up halves the mapped file until it is at the line, which takes some microseconds.
"""

import mmap
from pathlib import Path

FILE = Path(__file__).parent / "icd10cm.tsv"


class NoCodes(Exception):
    """The file is not there."""


class Codes:
    """Raises NoCodes where there is no such file."""

    def __init__(self, path: Path = FILE) -> None:
        try:
            with path.open("rb") as file:
                self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise NoCodes(f"There are no codes of ICD-10-CM at {path}: `make setup` makes them.") from error

    def display(self, code: str) -> str | None:
        """What the code means, or None for what is none that may be used."""
        found, _, display = self._line_at(self._place_of(code)).partition("\t")
        return display if found == code else None

    def first_below(self, category: str) -> str | None:
        """The first of the more exact codes of a category, which is none itself: E11.00 of E11."""
        found = self._line_at(self._place_of(category)).partition("\t")[0]
        return found if category and found.startswith(category) and found != category else None

    def _place_of(self, code: str) -> int:
        """Where the first line begins that is not before the code."""
        wanted, low, high = code.encode(), 0, len(self._lines)
        while low < high:
            begin = self._lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = self._lines.find(b"\n", begin)
            if self._lines[begin:end].partition(b"\t")[0] < wanted:
                low = end + 1
            else:
                high = begin
        return low

    def _line_at(self, place: int) -> str:
        return self._lines[place : self._lines.find(b"\n", place)].decode()
