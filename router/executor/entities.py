"""A fetch of entities: gather, project, de-duplicate, ask, and put every answer in each of its places."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain, takewhile
from typing import Any

from router.executor.ask import NOT_ASKED, OF_OTHERS, TOO_DEEP, ask
from router.executor.asked import asked_fields, asked_paths
from router.executor.columns import Columns
from router.executor.errors import NoAnswer, ResponsePath, entries_of, path_of, raw_entries
from router.executor.gathered import Gathered, Repeats, Target
from router.executor.locate import Object, located, objects_at
from router.executor.merge import copied, merge, move_back
from router.executor.representations import lacks_what_is_owed
from router.executor.run import Run, together
from router.planner.conditions import ALWAYS
from router.planner.nodes import Entities, Fetch, Path

Paths = dict[str | int, list[list[ResponsePath]]]
"""By the alias of a call, for each of its representations, where in the response its objects stand."""


class EntitiesCall:
    """One `_entities` of a fetch, prepared."""

    def __init__(self, entities: Entities) -> None:
        self.entities = entities
        self.alias, self.variable = entities.alias, entities.variable
        self.targets = [Target.of(target) for target in entities.targets]
        self.always = entities.condition == ALWAYS
        columns = tuple((target.path, target.columns) for target in self.targets)
        self.same = _same(columns) if all(target.columns for target in self.targets) else self

    def gather(self, run: Run) -> Gathered:
        if not (self.always or run.holds(self.entities.condition)):
            return Gathered()
        gathered = run.gathered.get(self.same)
        if gathered is None:
            gathered = run.gathered[self.same] = Gathered()
            for target in self.targets:
                gathered.add(target, objects_at(run.data, target.path))
        return gathered

    def spread(self, answers: list[Any], gathered: Gathered, run: Run) -> None:
        for answer, found in zip(answers, gathered.firsts, strict=True):
            if type(answer) is dict:
                merge(found, answer)
            elif answer is None:
                run.absent[id(found)] = found
        for repeats in gathered.repeats:
            _share(answers, repeats, run)

    def owe(self, run: Run, gathered: Gathered) -> None:
        run.owe(*(found for objects in gathered.objects() for found in objects))

    def lost(self, run: Run, gathered: Gathered) -> Iterator[ResponsePath]:
        """The paths of what the client waits for in vain."""
        self.owe(run, gathered)
        paths = self.paths(run, gathered)
        places = ((found, at) for found, own in zip(gathered.firsts, paths, strict=True) for at in own)
        return asked_paths(run, places, self.entities.fields)

    def paths(self, run: Run, gathered: Gathered) -> list[list[ResponsePath]]:
        """For each representation, where in the response its objects stand."""
        at = self._located(run)
        return [list(dict.fromkeys(p for o in objects for p in at.get(id(o), ()))) for objects in gathered.objects()]

    def _located(self, run: Run) -> dict[int, list[ResponsePath]]:
        at: dict[int, list[ResponsePath]] = {}
        for target in self.entities.targets:
            for found, path in located(run.data, target.path):
                at.setdefault(id(found), []).append(path)
        return at

    def not_asked(self, run: Run, gathered: Gathered) -> Iterator[ResponsePath]:
        """What the client waits for of objects of which another subgraph owes what is to be sent."""
        waiting: defaultdict[int, list[Object]] = defaultdict(list)
        for number, found in gathered.skipped:
            if self._waits(run, number, found):
                waiting[number].append(found)
        run.owe(*chain.from_iterable(waiting.values()))
        at = self._located(run) if waiting else {}
        for number, objects in waiting.items():
            plain = self.entities.targets[number].plain
            fields = tuple(name for name in self.entities.fields if name not in plain)
            places = ((found, path) for found in objects for path in at.get(id(found), ()))
            yield from ((*path, name) for path, wanted in asked_fields(run, places, fields) for name in wanted)

    def _waits(self, run: Run, number: int, found: Object) -> bool:
        target = self.entities.targets[number]
        return lacks_what_is_owed(found, (*target.key, *target.requires), run.unanswered)


def _share(answers: list[Any], repeats: Repeats, run: Run) -> None:
    """Objects of one target share an answer; those of another get a copy, as they may be completed otherwise."""
    for number, objects in repeats.objects.items():
        answer = answers[number]
        if type(answer) is dict:
            shared = answer if number >= repeats.own else copied(answer)
            for found in objects:
                merge(found, shared)
        elif answer is None:
            run.absent.update((id(found), found) for found in objects)


@lru_cache(maxsize=1_000)
def _same(columns: tuple[tuple[Path, Columns | None], ...]) -> object:
    """One object for all calls that gather the same."""
    return object()


class EntityFetch:
    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.calls = [EntitiesCall(entities) for entities in fetch.entities]
        self.plain = EntityFetch(fetch.plain) if fetch.plain else None

    async def __call__(self, run: Run) -> None:
        try:
            await self._complete(run)
        except RecursionError:
            paths = dict.fromkeys((target.path[0].key,) for e in self.fetch.entities for target in e.targets)
            run.lose(self.fetch.subgraph, TOO_DEEP, paths)

    async def _complete(self, run: Run) -> None:
        gathered, plainly = await run.load.step(self._gather_all, run)
        if self.plain and plainly:
            await together(self._ask(run, gathered), self.plain._ask(run, plainly))
        else:
            await self._ask(run, gathered)

    def _gather_all(self, run: Run) -> tuple[list[Gathered], list[Gathered]]:
        """In one step, and before anything is asked: what is missing now may come with another part of the answer."""
        gathered = self._gather(run)
        if self.plain is None or not any(found.skipped for found in gathered):
            return gathered, []
        return gathered, self.plain._gather(run)

    def _gather(self, run: Run) -> list[Gathered]:
        gathered = [call.gather(run) for call in self.calls]
        if run.unanswered and any(found.skipped for found in gathered):
            self._lose_skipped(run, gathered)
        return gathered

    def _lose_skipped(self, run: Run, gathered: list[Gathered]) -> None:
        pairs = zip(self.calls, gathered, strict=True)
        if paths := [path for call, found in pairs for path in call.not_asked(run, found)]:
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
        data = reply.get("data") or {}
        if self.fetch.moved:
            move_back(data, self.fetch.moved)
        run.gathered.clear()
        for call, found in zip(self.calls, gathered, strict=True):
            answers = data.get(call.alias)
            if type(answers) is list and len(answers) == len(found.representations):
                call.spread(answers, found, run)
            elif answers is None and reply.get("errors"):
                call.owe(run, found)
            else:
                run.lose(self.fetch.subgraph, OF_OTHERS, call.lost(run, found))
        if reply.get("errors"):
            self._add_errors(run, reply, gathered)

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
