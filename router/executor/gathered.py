"""What is asked of a subgraph's entities in one call: each representation once, with the objects it stands for."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from router.executor.columns import Columns, columns_of
from router.executor.generated import Row
from router.executor.locate import Object
from router.executor.representations import Projection, Representation, identity, projection
from router.planner.nodes import Flatten, Path

_OF_NO_FORM = ("", ())


@dataclass(frozen=True, slots=True)
class Target:
    path: Path
    project: Projection
    columns: Columns | None

    @classmethod
    def of(cls, target: Flatten) -> "Target":
        return cls(target.path, projection(target), columns_of(target))


class Repeats(NamedTuple):
    """Objects of one target whose representation was there, by its number: from `own` on, it came by this target."""

    own: int
    objects: defaultdict[int, list[Object]]


@dataclass(slots=True)
class Gathered:
    """Distinct representations, and for each the first object it stands for: most stand for no other.

    `skipped` are objects that could not be represented, each with the number of its target; `known` finds the number of
    a representation by the form of what is sent and then by its values.
    """

    representations: list[Representation] = field(default_factory=list)
    firsts: list[Object] = field(default_factory=list)
    repeats: list[Repeats] = field(default_factory=list)
    skipped: list[tuple[int, Object]] = field(default_factory=list)
    known: dict[tuple[str, tuple[str, ...]], dict[Row, int]] = field(default_factory=dict)

    def add(self, target: Target, objects: list[Object]) -> None:
        self.repeats.append(Repeats(len(self.representations), defaultdict(list)))
        rows = target.columns.rows(objects) if target.columns else None
        if target.columns and rows is not None:
            self._add_rows(target.columns, rows, objects)
        else:
            self._add_each(target, objects)

    def objects(self) -> list[list[Object]]:
        """For each representation, all that it stands for."""
        found = [[first] for first in self.firsts]
        for _, repeated in self.repeats:
            for number, objects in repeated.items():
                found[number] += objects
        return found

    def _add_rows(self, columns: Columns, rows: Sequence[Row], objects: list[Object]) -> None:
        known = self.known.setdefault(columns.form, {})
        numbers = dict(zip(rows, count(len(self.firsts)), strict=False))
        if len(numbers) == len(rows) and known.keys().isdisjoint(numbers):
            known.update(numbers)
        else:
            rows, objects = self._without_repeats(known, rows, objects)
        self.representations += columns.represent(rows)
        self.firsts += objects

    def _without_repeats(
        self, known: dict[Row, int], rows: Sequence[Row], objects: list[Object]
    ) -> tuple[list[Row], list[Object]]:
        firsts: dict[Row, Object] = {}
        repeated = self.repeats[-1].objects
        for row, found in zip(rows, objects, strict=True):
            number = known.get(row)
            if number is None:
                known[row] = len(self.firsts) + len(firsts)
                firsts[row] = found
            else:
                repeated[number].append(found)
        return list(firsts), list(firsts.values())

    def _add_each(self, target: Target, objects: list[Object]) -> None:
        columns = target.columns
        for found in objects:
            representation = target.project(found)
            row = columns.row(representation) if columns and representation else None
            if representation is None:
                self.skipped.append((len(self.repeats) - 1, found))
            elif columns and row is not None:
                self._add_rows(columns, [row], [found])
            else:
                self._add_one(representation, found)

    def _add_one(self, representation: Representation, found: Object) -> None:
        known, key = self.known.setdefault(_OF_NO_FORM, {}), identity(representation)
        if key in known:
            self.repeats[-1].objects[known[key]].append(found)
        else:
            known[key] = len(self.firsts)
            self.representations.append(representation)
            self.firsts.append(found)
