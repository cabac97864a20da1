"""Aliases where one key would clash within a request.

Fields of different types of an object may share a key only if the subgraph answers both in the same shape, and
subgraphs disagree with the supergraph, and with each other, about nullability.
"""

from collections.abc import Iterable

from router.planner.branches import Branch, Item
from router.planner.naming import RESERVED
from router.planner.nodes import Moved


def separate_clashes(branches: Iterable[Branch]) -> tuple[Moved, ...]:
    """Sets the aliases below branches of one place; gives what is to be put back in its place, outermost first."""
    moved: dict[Moved, None] = {}
    _separate(branches, (), moved)
    return tuple(moved)


def _separate(branches: Iterable[Branch], path: tuple[str, ...], moved: dict[Moved, None]) -> None:
    for key, items in _by_key(branches).items():
        for number, shape in enumerate(_by_shape(items)):
            if number:
                _rename(shape, path, f"{RESERVED}m{number}_{key}", moved)
            below = [item.below for item in shape if item.below]
            if below:
                _separate(below, (*path, key), moved)


def _by_key(branches: Iterable[Branch]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for branch in branches:
        for part in branch.flat():
            for key, item in part.items.items():
                found.setdefault(key, []).append(item)
    return found


def _by_shape(items: list[Item]) -> list[list[Item]]:
    found: dict[tuple[object, ...], list[Item]] = {}
    for item in items:
        found.setdefault(_shape(item), []).append(item)
    return list(found.values())


def _shape(item: Item) -> tuple[object, ...]:
    """What has to be alike for two fields to share a key; objects below are compared field by field."""
    name = item.type.strip("[]!")
    wrapping = item.type.replace(name, "")
    return (wrapping, None) if item.below else (wrapping, name)


def _rename(items: list[Item], path: tuple[str, ...], alias: str, moved: dict[Moved, None]) -> None:
    for item in items:
        item.alias = alias
    moved[Moved(path, alias, items[0].field.key)] = None
