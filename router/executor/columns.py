"""Many objects represented at once where all that is sent of them are plain values, as most keys are."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from types import NoneType
from typing import Any

from router.executor.generated import Row, representer
from router.executor.locate import Object
from router.planner.nodes import Flatten
from router.planner.selections import TYPENAME

_TELLING = frozenset({str, int})
"""Types whose values are equal only where what is sent is: unlike True and 1, or 1 and 1.0."""


@dataclass(frozen=True, slots=True)
class Columns:
    """`names` are those that are sent, `keys` those in the data, of which the first `needed` may not be null."""

    type_name: str
    names: tuple[str, ...]
    keys: tuple[str, ...]
    needed: int
    represent: Callable[[Row], dict[str, Any]]

    def rows(self, objects: list[Object]) -> list[Row] | None:
        """The type and the values of each object; None where the objects must be looked at one by one."""
        try:
            columns = [[found[key] for found in objects] for key in self.keys]
        except KeyError:
            return None
        kinds = [set(map(type, column)) for column in columns]
        if all(kind <= _TELLING for kind in kinds[: self.needed]) and all(map(_may_be_null, kinds[self.needed :])):
            return list(zip(repeat(self.type_name), *columns, strict=False))
        return None

    def row(self, representation: dict[str, Any]) -> Row | None:
        """The row that gives this representation, if one does."""
        row = tuple(representation.values())
        return row if _may_be_null(set(map(type, row))) else None


def columns_of(target: Flatten) -> Columns | None:
    fields = (*target.key, *target.requires)
    names = (TYPENAME, *(field.name for field in fields))
    is_plain = not target.lacking and all(field.is_leaf and field.on is None for field in fields)
    if not is_plain or not target.key or len(set(names)) < len(names):
        return None
    keys = tuple(field.key for field in fields)
    return Columns(target.type_name, names, keys, len(target.key), representer(names))


def _may_be_null(kinds: set[type]) -> bool:
    return kinds - {NoneType} <= _TELLING
