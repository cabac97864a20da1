"""Deep merging of what subgraphs give of the same objects. A null never overwrites what is there."""

from typing import Any

from router.planner.nodes import Moved

_OPEN = frozenset({dict, list})


def merge(target: dict[str, Any], source: dict[str, Any]) -> None:
    if target.keys().isdisjoint(source):
        target |= source
        return
    for key, value in source.items():
        known = target.get(key)
        if known is None:
            target[key] = value
        elif value is not None and value is not known:
            target[key] = _merged(known, value)


def _merged(known: Any, value: Any) -> Any:
    if type(known) is dict and type(value) is dict:
        merge(known, value)
        return known
    if type(known) is list and type(value) is list and len(known) == len(value):
        return [_merged_item(a, b) for a, b in zip(known, value, strict=True)]
    return value


def _merged_item(known: Any, value: Any) -> Any:
    return known if value is None else _merged(known, value)


def copied(value: Any) -> Any:
    if type(value) is dict:
        return {key: copied(item) if type(item) in _OPEN else item for key, item in value.items()}
    return [copied(item) for item in value] if type(value) is list else value


def move_back(data: dict[str, Any], moved: tuple[Moved, ...]) -> None:
    """Puts fields that were fetched under an alias in their place."""
    for move in moved:
        for found in _objects(data, move.path):
            if move.alias in found:
                found[move.key] = found.pop(move.alias)


def _objects(value: Any, path: tuple[str, ...]) -> list[dict[str, Any]]:
    found = _flat(value)
    for key in path:
        found = [below for parent in found for below in _flat(parent.get(key))]
    return found


def _flat(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [found for item in value for found in _flat(item)] if isinstance(value, list) else []
