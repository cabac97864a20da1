"""What of a position the client asked for: what a fetch brings is more, as keys, and at times less."""

from collections.abc import Iterable, Iterator

from router.executor.errors import ResponsePath
from router.executor.locate import Object
from router.executor.run import Run
from router.planner.selections import TYPENAME, Selections


def asked_paths(
    run: Run, places: Iterable[tuple[Object, ResponsePath]], fields: tuple[str, ...]
) -> Iterator[ResponsePath]:
    """The path of each of these fields that the client waits for; of the object, where it waits for none of them."""
    for at, wanted in asked_fields(run, places, fields):
        yield from ((*at, name) for name in wanted) if wanted else (at,)


def asked_fields(
    run: Run, places: Iterable[tuple[Object, ResponsePath]], fields: tuple[str, ...]
) -> Iterator[tuple[ResponsePath, list[str]]]:
    """For each object which of these fields the client waits for."""
    positions: dict[ResponsePath, Selections] = {}
    for found, at in places:
        keys = tuple(part for part in at if isinstance(part, str))
        if keys not in positions:
            positions[keys] = _selections_at(run, keys)
        asked = _keys(run, positions[keys], found)
        yield at, [name for name in fields if name in asked]


def _selections_at(run: Run, keys: ResponsePath) -> Selections:
    level = run.selections
    for key in keys:
        level = tuple(below for f in level if f.key == key and run.holds(f.condition) for below in f.children)
    return level


def _keys(run: Run, selections: Selections, found: Object) -> set[str]:
    on = (None, found.get(TYPENAME))
    return {f.key for f in selections if f.on in on and f.name != TYPENAME and run.holds(f.condition)}
