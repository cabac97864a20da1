"""Many objects represented at once where all that is sent of them are plain values, as most keys are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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
    """`form` is the type and the names that are sent; of the `keys` in the data, the first `needed` may not be null."""

    form: tuple[str, tuple[str, ...]]
    keys: tuple[str, ...]
    needed: int
    represent: Callable[[Iterable[Row]], list[Object]]

    def rows(self, objects: list[Object]) -> Sequence[Row] | None:
        """The values of each object; None where the objects must be looked at one by one."""
        try:
            columns = [[found[key] for found in objects] for key in self.keys]
        except KeyError:
            return None
        kinds = [set(map(type, column)) for column in columns]
        if all(kind <= _TELLING for kind in kinds[: self.needed]) and all(map(_may_be_null, kinds[self.needed :])):
            return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
        return None

    def row(self, representation: dict[str, Any]) -> Row | None:
        """The row that gives this representation, if one does."""
        _, *row = representation.values()
        if not _may_be_null(set(map(type, row))):
            return None
        return row[0] if len(row) == 1 else tuple(row)


def columns_of(target: Flatten) -> Columns | None:
    fields = (*target.key, *target.requires)
    form = target.type_name, tuple(field.name for field in fields)
    is_plain = not target.lacking and all(field.is_leaf and field.on is None for field in fields)
    if not is_plain or not target.key or len({TYPENAME, *form[1]}) <= len(fields):
        return None
    return Columns(form, tuple(field.key for field in fields), len(target.key), representer(*form))


def _may_be_null(kinds: set[type]) -> bool:
    return kinds - {NoneType} <= _TELLING
