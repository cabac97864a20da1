"""What it may cost that a subgraph fails one request of an operation.

Nothing of the data may differ but nulls. Each of them has an error, at it, below it or above it, and stands no further
out than the client's schema carries a null from where that error is. Each error leads to a null, or to the object that
lost something the client does not see, and is of a field that the failing subgraph has.

However it fails, no more of the data is lost than where it does not answer at all.

A field with @requires is given a null where an error made one of what it requires: by itself, or because the client
asks more of that, which the subgraph that has both answers as one. It may be otherwise then.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import GraphQLNonNull, GraphQLOutputType

from router.executor.run import MOST_LOST
from tests.router.oracle.compare import NOWHERE, Path, null_of, paths_of
from tests.router.oracle.declared import Federation


@dataclass(frozen=True)
class Asked:
    """A field of the client's response."""

    on: str
    name: str
    type: GraphQLOutputType


class Unlike(Exception):
    pass


@dataclass
class Losses:
    """`silent` says that the subgraph gave a null without an error, `silenced` of which field if it was one;
    `partial` that all the rest was answered.
    """

    expected: Mapping[str, Any]
    given: Mapping[str, Any]
    asked: Mapping[Path, Asked]
    federation: Federation
    silent: bool = False
    silenced: str | None = None
    partial: bool = False

    def differences(self, least: Any = None) -> list[str]:
        """`least` are the data where the subgraph does not answer at all."""
        return [*self._differences(), *self._more_than(least, self.given.get("data"))]

    def _differences(self) -> list[str]:
        try:
            nulls = list(self._lost(self.expected.get("data"), self.given.get("data")))
        except Unlike as unlike:
            return [str(unlike)]
        return [
            *(self._carried_silently(nulls) if self.silent else self._of_nulls(nulls)),
            *self._of_errors(),
            *([] if self.silent else self._untold()),
        ]

    @cached_property
    def errors(self) -> list[Path]:
        return paths_of(self.given)

    @cached_property
    def waiting(self) -> list[Path]:
        """What may be otherwise, as something that it requires may be null: that has the error, if any has."""
        return [p for p in self.asked if self._requires(p) and (self.silenced or self._has_error(p[:-1]))]

    def _lost(self, expected: Any, given: Any, at: Path = ()) -> Iterator[Path]:
        """The nulls that are new."""
        if given is None:
            yield from () if expected is None else (at,)
        elif at in self.waiting or (expected is None and any(path[: len(at)] == at for path in self.waiting)):
            return  # it is another where it was given a null
        elif isinstance(expected, dict) and isinstance(given, dict) and list(expected) == list(given):
            for key in given:
                yield from self._lost(expected[key], given[key], (*at, key))
        elif isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
            for number, (left, right) in enumerate(zip(expected, given, strict=True)):
                yield from self._lost(left, right, (*at, number))
        elif json.dumps(expected) != json.dumps(given):
            raise Unlike(f"data at {list(at)}: expected {json.dumps(expected)}, given {json.dumps(given)}")

    def _more_than(self, least: Any, given: Any, at: Path = ()) -> Iterator[str]:
        if least is None or at in self.waiting:
            return
        if given is None and not any(path[: len(at)] == at for path in self.waiting):
            yield f"more is lost than must be at {list(at)}"
        elif isinstance(least, dict) and isinstance(given, dict):
            for key in least.keys() & given.keys():
                yield from self._more_than(least[key], given[key], (*at, key))
        elif isinstance(least, list) and isinstance(given, list):
            for number, (left, right) in enumerate(zip(least, given, strict=False)):
                yield from self._more_than(left, right, (*at, number))

    def _has_error(self, path: Path) -> bool:
        return any(_related(error, path) for error in self.errors)

    def _of_nulls(self, nulls: list[Path]) -> Iterator[str]:
        if len(self.errors) >= MOST_LOST:
            return  # not each of them is told any more
        for null in nulls:
            if self.partial and null in self.waiting:
                continue  # what is made of a null may be one
            if not self._has_error(null):
                yield f"no error for what is lost at {list(null)}"
            elif not self._is_due(null):
                yield f"a null too far out at {list(null)}"

    def _carried_silently(self, nulls: list[Path]) -> Iterator[str]:
        """The field itself may be null, and what cannot be asked without; what a null is carried to has an error."""
        if self.silenced in (None, "_entities") or self.federation.sends(self.silenced):
            return
        for null in nulls:
            above = (null[:length] for length in range(1, len(null) + 1))
            names = {self.asked[path].name for path in above if path in self.asked}
            if self.silenced not in names and not self._has_error(null):
                yield f"no error for what is carried to {list(null)}"

    def _is_due(self, null: Path) -> bool:
        causes = (*self.errors, *self.waiting)
        return any(_related(path, null) and (len(path) < len(null) or null in self.carried(path)) for path in causes)

    def _of_errors(self) -> Iterator[str]:
        if self.given.get("data") is None and not self.errors:
            yield "no error where nothing is left"
        for path in self.errors:
            if NOWHERE in null_of(self.given.get("data"), path) and not self._is_otherwise(path):
                yield f"an error that leads nowhere at {list(path)}"

    def _is_otherwise(self, path: Path) -> bool:
        return any(path[: len(waiting)] == waiting for waiting in self.waiting)

    def _untold(self) -> Iterator[str]:
        """The nulls that have an error in any case."""
        for path in paths_of(self.expected):
            null = null_of(self.given.get("data"), path)
            if not self._has_error(null) and not self._is_otherwise(path):
                yield f"no error any more for the null at {list(null)}"

    def carried(self, path: Path) -> Iterator[Path]:
        """The outermost null that comes of one at the path; where an object's type may be lost with it, of both."""
        if path and self._may_cost_the_type(path):
            yield from self.carried(path[:-1])
        while path and not self._may_be_null(path):
            path = path[:-1]
        yield path

    def _may_cost_the_type(self, path: Path) -> bool:
        asked, known = self.asked.get(path), self.federation
        if asked is None:
            return isinstance(path[-1], str)
        return any(asked.on in (name, *known.implementations(name)) for name in known.as_objects)

    def _requires(self, path: Path) -> bool:
        """What cannot be asked for want of something else is explained with that."""
        asked = self.asked.get(path)
        names = {asked.on, self.federation.home(asked.on, asked.name)} if asked else set()
        return any(d.requires for name in names for _, d in self.federation.declarations(name, asked.name))  # type: ignore[union-attr]

    def is_given_a_null(self) -> bool:
        """Whether an error below what some field requires makes a null of that in the whole schema."""
        return any(
            error[: len(path) - 1] == path[:-1] and len(error) > len(path) and self._needs(path, error[: len(path)])
            for path in self.asked
            for error in paths_of(self.expected)
        )

    def _needs(self, path: Path, other: Path) -> bool:
        asked, beside = self.asked[path], self.asked.get(other)
        return beside is not None and beside.name in self.federation.needed(asked.on, asked.name)

    def _may_be_null(self, path: Path) -> bool:
        levels = 0
        while isinstance(path[-1], int):
            path, levels = path[:-1], levels + 1
        type_: Any = self.asked[path].type if path in self.asked else None
        for _ in range(levels if type_ else 0):
            type_ = type_.of_type.of_type if isinstance(type_, GraphQLNonNull) else type_.of_type
        return not isinstance(type_, GraphQLNonNull)


def field_of(path: Path) -> Path:
    """The path of the field that an item of a list is of."""
    return field_of(path[:-1]) if path and isinstance(path[-1], int) else path


def _related(left: Path, right: Path) -> bool:
    shorter = min(len(left), len(right))
    return left[:shorter] == right[:shorter]
