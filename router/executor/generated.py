"""Functions written for one form of object each: a display of a dict with its names costs a third of any loop.

What they are written from are names of GraphQL, and quoted all the same. Forms are shared by plans, and so is the code.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from router.planner.selections import TYPENAME

Object = dict[str, Any]
Row = Any
"""The value of an object's one field, or a tuple of those of several."""

_MOST_FORMS = 4_096


class Entry(NamedTuple):
    """A field of the client's object: it is `always` the same, or stands under `key` and may have to be there."""

    name: str
    key: str
    always: str | None
    required: bool

    def value(self) -> str:
        return f"data[{self.key!r}]" if self.always is None else repr(self.always)


@lru_cache(maxsize=_MOST_FORMS)
def representer(type_name: str, names: tuple[str, ...]) -> Callable[[Iterable[Row]], list[Object]]:
    """From the values of these names, in their order, to objects of the type."""
    values = ("row",) if len(names) == 1 else (f"row[{number}]" for number in range(len(names)))
    entries = {TYPENAME: repr(type_name), **dict(zip(names, values, strict=True))}
    made: Callable[[Iterable[Row]], list[Object]] = _made(f"lambda rows: [{_display(entries)} for row in rows]")
    return made


@lru_cache(maxsize=_MOST_FORMS)
def object_reader(entries: tuple[Entry, ...]) -> Callable[[Object], Object | None]:
    """From an object of the data to the client's; None if what is required is null. KeyError if a key is absent."""
    values, tests = {entry.name: entry.value() for entry in entries}, []
    for number, entry in enumerate(entries):
        if entry.required and entry.always is None:
            tests.append(f"(value_{number} := {values[entry.name]}) is None")
            values[entry.name] = f"value_{number}"
    unless_null = f"None if {' or '.join(tests)} else " if tests else ""
    made: Callable[[Object], Object | None] = _made(f"lambda data: {unless_null}{_display(values)}")
    return made


def _display(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"


def _made(text: str) -> Any:
    return eval(text, {"__builtins__": {}})
