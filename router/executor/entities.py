"""A fetch of entities: gather, project, de-duplicate, ask, and put every answer in each of its places."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from router.executor.ask import NOT_ASKED, OF_OTHERS, TOO_DEEP, ask
from router.executor.asked import asked_fields, asked_paths
from router.executor.errors import NoAnswer, ResponsePath, entries_of, path_of, raw_entries
from router.executor.gathered import Gathered, Place, Target
from router.executor.locate import Object, located, objects_at
from router.executor.merge import copied, merge, move_back
from router.executor.run import Run, together
from router.planner.conditions import ALWAYS
from router.planner.nodes import Entities, Fetch

Paths = dict[str | int, list[list[ResponsePath]]]
"""By the alias of a call, for each of its representations, where in the response its objects stand."""


class EntitiesCall:
    """One `_entities` of a fetch, prepared."""

    def __init__(self, entities: Entities) -> None:
        self.entities = entities
        self.alias, self.variable = entities.alias, entities.variable
        self.targets = [Target.of(number, target) for number, target in enumerate(entities.targets)]
        self.always = entities.condition == ALWAYS

    def gather(self, run: Run) -> Gathered:
        gathered = Gathered()
        if self.always or run.holds(self.entities.condition):
            for target in self.targets:
                gathered.add(target, objects_at(run.data, target.path))
        return gathered

    def spread(self, answers: list[Any], gathered: Gathered, run: Run) -> None:
        """Places of one target share an answer; those of another get a copy, as they may be completed otherwise."""
        for answer, places in zip(answers, gathered.places, strict=True):
            if answer is None:
                run.absent.update((id(place), place) for _, place in places)
            elif type(answer) is dict:
                first, place = places[0]
                merge(place, answer)
                if len(places) > 1:
                    _share(answer, first, places[1:])

    def lost(self, run: Run, gathered: Gathered) -> Iterator[ResponsePath]:
        """The paths of what the client waits for in vain."""
        run.unanswered.update((id(place), place) for places in gathered.places for _, place in places)
        paths = self.paths(run, gathered)
        places = ((found[0][1], at) for found, own in zip(gathered.places, paths, strict=True) for at in own)
        return asked_paths(run, places, self.entities.fields)

    def paths(self, run: Run, gathered: Gathered) -> list[list[ResponsePath]]:
        """For each representation, where in the response its objects stand."""
        at = self._located(run)
        return [list(dict.fromkeys(p for _, o in places for p in at.get(id(o), ()))) for places in gathered.places]

    def _located(self, run: Run) -> dict[int, list[ResponsePath]]:
        at: dict[int, list[ResponsePath]] = {}
        for target in self.entities.targets:
            for found, path in located(run.data, target.path):
                at.setdefault(id(found), []).append(path)
        return at

    def not_asked(self, run: Run, gathered: Gathered, others: frozenset[str]) -> list[ResponsePath]:
        """What the client waits for, but for these others, of objects of which another subgraph owes their key."""
        skipped = [found for found in gathered.skipped if id(found) in run.unanswered]
        at = self._located(run) if skipped else {}
        places = ((found, path) for found in skipped for path in at.get(id(found), ()))
        fields = tuple(name for name in self.entities.fields if name not in others)
        return [(*path, name) for path, wanted in asked_fields(run, places, fields) for name in wanted]


def _share(answer: Object, number: int, places: list[Place]) -> None:
    """With the other places of the target of this number, and as a copy with those of other targets."""
    copies = {number: answer}
    for number, place in places:
        if number not in copies:
            copies[number] = copied(answer)
        merge(place, copies[number])


class EntityFetch:
    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.calls = [EntitiesCall(entities) for entities in fetch.entities]
        self.plain = EntityFetch(fetch.plain) if fetch.plain else None
        plainly = fetch.plain.entities if fetch.plain else ()
        self.asked_plainly = frozenset(name for entities in plainly for name in entities.fields)

    async def __call__(self, run: Run) -> None:
        try:
            await self._complete(run)
        except RecursionError:
            paths = dict.fromkeys((target.path[0].key,) for e in self.fetch.entities for target in e.targets)
            run.lose(self.fetch.subgraph, TOO_DEEP, paths)

    async def _complete(self, run: Run) -> None:
        gathered = await run.load.step(self._gather, run)
        if self.plain and any(found.skipped for found in gathered):
            await together(self._ask(run, gathered), self.plain(run))
        else:
            await self._ask(run, gathered)

    def _gather(self, run: Run) -> list[Gathered]:
        gathered = [call.gather(run) for call in self.calls]
        if run.unanswered and any(found.skipped for found in gathered):
            self._lose_skipped(run, gathered)
        return gathered

    def _lose_skipped(self, run: Run, gathered: list[Gathered]) -> None:
        pairs = zip(self.calls, gathered, strict=True)
        if paths := [path for call, found in pairs for path in call.not_asked(run, found, self.asked_plainly)]:
            run.lose(self.fetch.subgraph, NOT_ASKED, paths)

    async def _ask(self, run: Run, gathered: list[Gathered]) -> None:
        if not any(found.representations for found in gathered):
            return
        sent = {call.variable: g.representations for call, g in zip(self.calls, gathered, strict=True)}
        reply = await ask(run.transport, run.request(self.fetch, sent))
        await run.load.step(self._take, run, reply, gathered)

    def _take(self, run: Run, reply: Mapping[str, Any] | NoAnswer, gathered: list[Gathered]) -> None:
        if isinstance(reply, NoAnswer):
            pairs = zip(self.calls, gathered, strict=True)
            paths = (path for call, found in pairs for path in call.lost(run, found))
            run.lose(self.fetch.subgraph, reply, paths)
            return
        if reply.get("errors"):
            self._add_errors(run, reply, gathered)
        data = reply.get("data")
        if type(data) is not dict:
            return
        if self.fetch.moved:
            move_back(data, self.fetch.moved)
        for call, found in zip(self.calls, gathered, strict=True):
            answers = data.get(call.alias)
            if type(answers) is list and len(answers) == len(found.representations):
                call.spread(answers, found, run)
            elif answers is not None:
                run.lose(self.fetch.subgraph, OF_OTHERS, call.lost(run, found))

    def _add_errors(self, run: Run, reply: Mapping[str, Any], gathered: list[Gathered]) -> None:
        paths: Paths = {c.alias: c.paths(run, g) for c, g in zip(self.calls, gathered, strict=True)}
        for raw, error in zip(raw_entries(reply), entries_of(reply, run.shown_extensions), strict=True):
            path = path_of(raw)
            if places := _places(path, paths):
                run.report(error, places, path[2:])
            else:
                run.report(error, [_shared(path, paths)])


def _places(path: ResponsePath, paths: Paths) -> list[ResponsePath]:
    if len(path) < 2 or path[0] not in paths or not isinstance(path[1], int):
        return []
    entities = paths[path[0]]
    return entities[path[1]] if 0 <= path[1] < len(entities) else []


def _shared(path: ResponsePath, paths: Paths) -> ResponsePath:
    """For an error of no entity: as far as the path is the same for all that was asked, under its alias if it has."""
    asked = [paths[path[0]]] if path and path[0] in paths else paths.values()
    places = [place for entities in asked for found in entities for place in found]
    return tuple(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*places, strict=False)))
