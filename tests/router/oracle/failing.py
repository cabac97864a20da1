"""Subgraphs that fail one request, in one of the ways in which they do."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from router.transports.base import SubgraphRequest, TransportError, Unreachable
from tests.router.oracle.compare import Path
from tests.router.oracle.losses import field_of
from tests.router.oracle.subgraphs import InProcess, Subgraph
from tests.router.oracle.world import Session

Reply = Mapping[str, Any]
Way = Callable[[Reply, Session, random.Random], Reply]


class Failing(InProcess):
    """What is done by a mutation is done, and only its answer is lost."""

    def __init__(self, subgraphs: Mapping[str, Subgraph], session: Session, doomed: str, way: Way, seed: str) -> None:
        super().__init__(subgraphs, session)
        self.doomed, self.way, self.seed = doomed, way, seed

    async def execute(self, request: SubgraphRequest) -> Reply:
        self.session.resolved.clear()
        reply = await super().execute(request)
        if question(request) != self.doomed:
            return reply
        return self.way(reply, self.session, random.Random(self.seed))


def question(request: SubgraphRequest) -> str:
    return json.dumps([request.subgraph, request.document, request.variables], sort_keys=True)


def nobody_there(reply: Reply, session: Session, chance: random.Random) -> Reply:
    raise Unreachable("away")


def no_graphql(reply: Reply, session: Session, chance: random.Random) -> Reply:
    raise TransportError("<html>")


def malformed(reply: Reply, session: Session, chance: random.Random) -> Reply:
    return {"data": "text"}


def refused(reply: Reply, session: Session, chance: random.Random) -> Reply:
    return chance.choice([{}, {"data": None}]) | {"errors": [{"message": "Refused."}]}


def nulls_with_errors(reply: Reply, session: Session, chance: random.Random) -> Reply:
    """Of fields or entities."""
    spoilt, paths = _spoilt(reply, session, chance, chance.choice([1, 1, 3, 9]))
    errors = [{"message": "Spoilt.", "path": path} for path in paths]
    return spoilt | {"errors": [*spoilt.get("errors", ()), *errors]} if errors else spoilt


def a_null_without_an_error(reply: Reply, session: Session, chance: random.Random) -> Reply:
    spoilt, paths = _spoilt(reply, session, chance, 1)
    session.silenced = session.resolved[field_of(paths[0])].name if paths else None
    return spoilt


def an_absent_entity(reply: Reply, session: Session, chance: random.Random) -> Reply:
    spoilt = json.loads(json.dumps(reply))
    calls = [found for found in (spoilt.get("data") or {}).values() if found]
    for found in calls[:1]:
        found[chance.randrange(len(found))] = None
    return spoilt  # type: ignore[no-any-return]


def _spoilt(reply: Reply, session: Session, chance: random.Random, most: int) -> tuple[dict[str, Any], list[Path]]:
    """With nulls in the place of something, and the paths of those."""
    spoilt = json.loads(json.dumps(reply))
    resolved = session.resolved.items()
    places = [found for path, field in resolved for found in _within(spoilt.get("data"), path, field.levels)]
    paths = sorted(chance.sample(places, min(most, len(places))), key=len, reverse=True)
    for path in paths:
        _at(spoilt["data"], path[:-1])[path[-1]] = None
    return spoilt, paths


def _within(data: Any, path: Path, levels: int) -> Iterator[Path]:
    """The path, and those of the items of the lists there."""
    value = _at(data, path)
    if value is not None and not (levels and path[0] in CALLS and len(path) == 1):
        yield path
    if levels and isinstance(value, list):
        for number in range(len(value)):
            yield from _within(data, (*path, number), levels - 1)


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = None if data is None else data[part]
    return data


CALLS = ("_entities", *(f"_e{number}" for number in range(9)))
WAYS: tuple[Way, ...] = (
    nobody_there,
    no_graphql,
    malformed,
    refused,
    nulls_with_errors,
    nulls_with_errors,
    a_null_without_an_error,
)
WAYS_OF_ENTITIES: tuple[Way, ...] = (*WAYS, an_absent_entity)
