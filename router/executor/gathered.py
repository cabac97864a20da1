"""What is asked of a subgraph's entities in one call: each representation once, with the objects it stands for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice, repeat

from router.executor.columns import Columns, columns_of
from router.executor.generated import Row
from router.executor.locate import Object
from router.executor.representations import Projection, Representation, identity, projection
from router.planner.nodes import Flatten, Path

Place = tuple[int, Object]
"""An object to complete, with the number of its target."""


@dataclass(frozen=True, slots=True)
class Target:
    number: int
    path: Path
    project: Projection
    columns: Columns | None

    @classmethod
    def of(cls, number: int, target: Flatten) -> "Target":
        return cls(number, target.path, projection(target), columns_of(target))


@dataclass(slots=True)
class Gathered:
    """Distinct representations, and for each the places it stands for.

    `skipped` are those that could not be represented; `known` finds the places of those that could, by the
    names of what is sent and then by its values.
    """

    representations: list[Representation] = field(default_factory=list)
    places: list[list[Place]] = field(default_factory=list)
    skipped: list[Place] = field(default_factory=list)
    known: dict[tuple[str, ...], dict[Row, list[Place]]] = field(default_factory=dict)

    def add(self, target: Target, objects: list[Object]) -> None:
        rows = target.columns.rows(objects) if target.columns else None
        if target.columns and rows is not None:
            self._add_rows(target.columns, rows, zip(repeat(target.number), objects, strict=False))
        else:
            self._add_each(target, objects)

    def _add_rows(self, columns: Columns, rows: list[Row], added: Iterable[Place]) -> None:
        known = self.known.setdefault(columns.names, {})
        before = len(known)
        for row, place in zip(rows, added, strict=True):
            if row in known:
                known[row].append(place)
            else:
                known[row] = [place]
        self.representations.extend(map(columns.represent, islice(known, before, None)))
        self.places.extend(islice(known.values(), before, None))

    def _add_each(self, target: Target, objects: list[Object]) -> None:
        columns = target.columns
        for found in objects:
            representation = target.project(found)
            row = columns.row(representation) if columns and representation else None
            if representation is None:
                self.skipped.append((target.number, found))
            elif columns and row is not None:
                self._add_rows(columns, [row], [(target.number, found)])
            else:
                self._add_one(representation, (target.number, found))

    def _add_one(self, representation: Representation, place: Place) -> None:
        known, key = self.known.setdefault((), {}), (identity(representation),)
        if key not in known:
            known[key] = []
            self.representations.append(representation)
            self.places.append(known[key])
        known[key].append(place)
