"""Finding the objects at a path of the data, through any lists on the way."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from router.executor.errors import ResponsePath
from router.planner.nodes import Path, PathStep

Object = dict[str, Any]
_OBJECTS, _LISTS = frozenset({dict}), frozenset({list})


def objects_at(data: Object, path: Path) -> list[Object]:
    found = [data]
    for step in path:
        key, types = step.key, step.types
        try:
            values = [parent[key] for parent in found]
        except KeyError:
            values = [parent.get(key) for parent in found]
        found = _objects_among(values)
        if types:
            found = [one for one in found if one.get("__typename") in types]
    return found


def _objects_among(values: list[Any]) -> list[Object]:
    """Those that are objects, and those in lists, however deep. Most often all are alike: types are seen as a set."""
    kinds = set(map(type, values))
    while list in kinds:
        lists = values if kinds == _LISTS else (value if type(value) is list else (value,) for value in values)
        values = list(chain.from_iterable(lists))
        kinds = set(map(type, values))
    return values if kinds <= _OBJECTS else [value for value in values if type(value) is dict]


def located(data: Object, path: Path) -> Iterator[tuple[Object, ResponsePath]]:
    """The same objects, each with its path. For errors, which are rare: the paths are not kept otherwise."""
    found: list[tuple[Object, ResponsePath]] = [(data, ())]
    for step in path:
        found = [below for parent, at in found for below in _located(parent.get(step.key), (*at, step.key), step)]
    return iter(found)


def _located(value: Any, at: ResponsePath, step: PathStep) -> Iterator[tuple[Object, ResponsePath]]:
    if isinstance(value, dict):
        if not step.types or value.get("__typename") in step.types:
            yield value, at
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _located(item, (*at, index), step)
