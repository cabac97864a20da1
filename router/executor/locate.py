"""Finding the objects at a path of the data, through any lists on the way."""

from collections.abc import Iterator
from typing import Any

from router.executor.errors import ResponsePath
from router.planner.nodes import Path, PathStep

Object = dict[str, Any]


def objects_at(data: Object, path: Path) -> list[Object]:
    found = [data]
    for step in path:
        below: list[Object] = []
        key, types = step.key, step.types
        for parent in found:
            value = parent.get(key)
            if type(value) is dict:
                below.append(value)
            elif type(value) is list:
                below.extend(_objects_in(value))
        found = [one for one in below if one.get("__typename") in types] if types else below
    return found


def _objects_in(items: list[Any]) -> list[Object]:
    while any(type(item) is list for item in items):
        items = [below for item in items for below in (item if type(item) is list else (item,))]
    return [item for item in items if type(item) is dict]


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
