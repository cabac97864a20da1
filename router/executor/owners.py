"""Whose an error is: it is told with the block that tells the field, whichever block fetched it."""

from collections.abc import Iterable

from router.executor.errors import Error
from router.planner.selections import Selections


class ErrorPool:
    """Errors until they are told; `open_` are the blocks that are still to be told."""

    def __init__(self, selections: Selections, open_: set[int]) -> None:
        self._selections, self._open = selections, open_
        self._errors: list[tuple[Error, frozenset[int]]] = []

    def add(self, errors: Iterable[Error], number: int) -> None:
        for error in errors:
            owners = self._asking(error) & self._open
            self._errors.append((error, owners or frozenset([number])))

    def of(self, number: int) -> list[Error]:
        return [error for error, owners in self._errors if number in owners]

    def close(self, number: int) -> None:
        self._open.discard(number)

    def _asking(self, error: Error) -> frozenset[int]:
        """The blocks that ask for the field at the end of the error's path."""
        level, found = self._selections, frozenset[int]()
        for part in error.get("path") or ():
            if isinstance(part, str):
                fields = [field for field in level if field.response_key == part]
                if not fields:
                    break
                found = frozenset(number for field in fields for number in field.asked)
                level = tuple(below for field in fields for below in field.children)
        return found
