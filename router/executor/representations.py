"""What is sent to a subgraph to name an entity: its type, the fields of a key, and those of @requires."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from router.planner.nodes import Flatten
from router.planner.selections import Field, Selections

Representation = dict[str, Any]
Projection = Callable[[Mapping[str, Any]], Representation | None]


class _Incomplete(Exception):
    """The data lacks a field that the representation needs."""


def projection(target: Flatten) -> Projection:
    """From an object of the data to its representation; None if its key is incomplete or holds a null.

    So too if the object lacks what is required, or for a target of those that lack it, if it does not.
    """
    if target.lacking:
        return _lacking(projection(replace(target, lacking=())), target.lacking)
    key, requires, type_name = target.key, target.requires, target.type_name

    def project(data: Mapping[str, Any]) -> Representation | None:
        found: Representation = {"__typename": type_name}
        try:
            _fill(found, data, key, nullable=False)
            _fill(found, data, requires, nullable=True)
        except _Incomplete:
            return None
        return found

    return project


def lacks_what_is_owed(
    data: Mapping[str, Any], selections: Selections, owed: Container[int], *, within: bool = False
) -> bool:
    """Whether an object that is `owed` something, by its id, or one `within` it has not what is to be sent of it."""
    is_owed = within or id(data) in owed
    for field in selections:
        if field.on is None or data.get("__typename") == field.on:
            value = data.get(field.key)
            if value is None and is_owed:
                return True
            if any(lacks_what_is_owed(b, field.children, owed, within=is_owed) for b in _objects_in(value)):
                return True
    return False


def _objects_in(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _objects_in(item)


def _lacking(project: Projection, lacking: Selections) -> Projection:
    def project_lacking(data: Mapping[str, Any]) -> Representation | None:
        try:
            _fill({}, data, lacking, nullable=True)
        except _Incomplete:
            return project(data)
        return None

    return project_lacking


def _fill(found: Representation, data: Mapping[str, Any], selections: Selections, *, nullable: bool) -> None:
    for field in selections:
        if field.on is None or data.get("__typename") == field.on:
            if field.key not in data:
                raise _Incomplete
            found[field.name] = _value(data[field.key], field, nullable=nullable)


def _value(value: Any, field: Field, *, nullable: bool) -> Any:
    if value is None:
        if not nullable:
            raise _Incomplete
        return None
    if field.is_leaf:
        return value
    if isinstance(value, list):
        return [_value(item, field, nullable=nullable) for item in value]
    if not isinstance(value, dict):
        raise _Incomplete
    found: Representation = {}
    _fill(found, value, field.children, nullable=nullable)
    return found


def identity(representation: Representation) -> bytes | str:
    """Equal for equal representations."""
    try:
        return orjson.dumps(representation)
    except TypeError:
        return repr(representation)
