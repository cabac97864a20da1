"""Functions written for one form of object each: a display of a dict with its names costs a third of any loop.

What they are written from are names of GraphQL, and quoted all the same. Forms are shared by plans, and so is the code.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

Object = dict[str, Any]
Row = tuple[Any, ...]
Fields = tuple[tuple[str, str | None, str], ...]
"""The name of each field, and its key in the data or, with none, what it always is."""

_MOST_FORMS = 4_096


@lru_cache(maxsize=_MOST_FORMS)
def representer(names: tuple[str, ...]) -> Callable[[Row], Object]:
    """From the values of these names, in their order, to an object."""
    return _made("row", {name: f"row[{number}]" for number, name in enumerate(names)})


@lru_cache(maxsize=_MOST_FORMS)
def object_reader(fields: Fields) -> Callable[[Object], Object]:
    """A copy of an object's fields under their names; raises KeyError if one is absent."""
    return _made("data", {name: repr(always) if key is None else f"data[{key!r}]" for name, key, always in fields})


def _made(given: str, values: dict[str, str]) -> Callable[[Any], Object]:
    entries = ", ".join(f"{name!r}: {value}" for name, value in values.items())
    made: Callable[[Any], Object] = eval(f"lambda {given}: {{{entries}}}", {"__builtins__": {}})
    return made
