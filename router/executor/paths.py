"""Paths of the data and of the response: what an error of a subgraph is about, and where the client sees it."""

import re
from collections.abc import Mapping
from typing import Any

from router.executor.errors import ResponsePath
from router.executor.locate import Object
from router.planner.conditions import holds
from router.planner.naming import RESERVED
from router.planner.selections import TYPENAME, Field, Selections

SET_APART = re.compile(rf"^{RESERVED}m\d+_")
"""What planning puts before a key that would clash within one request."""


def data_path(path: ResponsePath) -> ResponsePath:
    """The path in the data of one in a reply."""
    return tuple(SET_APART.sub("", part) if isinstance(part, str) else part for part in path)


def innermost(data: Object, path: ResponsePath) -> Object:
    """The last object on the way."""
    found, value = data, data
    for part in path:
        value = _below(value, part)
        if type(value) is dict:
            found = value
    return found


def client_path(path: ResponsePath, selections: Selections, switches: Mapping[str, Any], data: Object) -> ResponsePath:
    """The path in the response of one in the data, as far as the client sees it: keys may be there for the router."""
    found: list[str | int] = []
    value: Any = data
    for part in path:
        value, parent = _below(value, part), value
        if isinstance(part, str):
            fields = [f for f in selections if f.key == part and _is_asked(f, parent, switches)]
            if not fields:
                break
            part, selections = fields[0].response_key, tuple(child for field in fields for child in field.children)
        found.append(part)
    return tuple(found)


def _is_asked(field: Field, parent: Any, switches: Mapping[str, Any]) -> bool:
    """Of an object that is gone, whatever type it had."""
    name = _below(parent, TYPENAME)
    return not field.is_implied and (name is None or field.on in (None, name)) and holds(field.condition, switches)


def _below(value: Any, part: str | int) -> Any:
    if type(value) is list and isinstance(part, int):
        return value[part] if 0 <= part < len(value) else None
    return value.get(part) if type(value) is dict else None
