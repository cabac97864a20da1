"""Running a plan that defers: what is told first, and then each block as soon as what it needs is there."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any

from router.aside import Found
from router.executor.errors import Error, ResponsePath, left_out
from router.executor.explain import nulls_of, unexplained
from router.executor.locate import Object
from router.executor.merge import copied
from router.executor.owners import ErrorPool
from router.executor.run import Run, Runner
from router.executor.shape import Completer, Shaper
from router.planner.deferral import PRIMARY
from router.planner.nodes import Defer, Deferred, Place, PlaceStep, QueryPlan
from router.planner.selections import TYPENAME

Payload = dict[str, Any]
Shown = tuple[Any, Object, ResponsePath]
"""An object as the client was told of it, the same in the data, and its path."""


class Delivery:
    """One operation on its way: first the primary, then the blocks, none before the block around it."""

    def __init__(
        self,
        plan: QueryPlan,
        root: Defer,
        runners: Mapping[int, Runner | None],
        shapes: Mapping[int, Completer],
        run: Run,
    ) -> None:
        self.plan, self.root, self.runners, self.shapes = plan, root, runners, shapes
        self.blocks = {block.number: block for block in root.blocks}
        self.runs = {PRIMARY: run} | {n: run.beside(block.from_root) for n, block in self.blocks.items()}
        self.shown: dict[int, list[Shown]] = {}
        self.waiting = dict(self.blocks)
        self.errors = ErrorPool(root.selections, {PRIMARY, *self.blocks})

    async def payloads(self, shape: Shaper) -> AsyncGenerator[Payload, None]:
        tasks = self._started()
        try:
            await tasks[PRIMARY]
            yield await self._step(self._first, shape)
            while self.waiting:
                await _one_more(tasks[number] for number in self._awaited(tasks))
                if parts := await self._step(self._next_parts, tasks):
                    yield {"incremental": parts, "hasNext": bool(self.waiting)}
                elif not self.waiting:
                    yield {"hasNext": False}
        finally:
            await _stopped(tasks.values())

    async def _step(self, work: Callable[..., Found], *given: Any) -> Found:
        return await self.runs[PRIMARY].load.step(work, *given)

    def _next_parts(self, tasks: Mapping[int, asyncio.Task[None]]) -> list[Payload]:
        return [part for block in self._ready(tasks) for part in self._delivered(block)]

    # ---- fetching

    def _started(self) -> dict[int, asyncio.Task[None]]:
        primary = asyncio.create_task(self._run(PRIMARY))
        return {PRIMARY: primary} | {n: asyncio.create_task(self._block(b, primary)) for n, b in self.blocks.items()}

    async def _block(self, block: Deferred, primary: asyncio.Task[None]) -> None:
        """Of a mutation, all changes come first."""
        if self.plan.operation == "mutation":
            await asyncio.wait([primary])
        for number in sorted(block.after):
            await self.runs[PRIMARY].reached(number)
        await self._run(block.number)

    async def _run(self, number: int) -> None:
        if runner := self.runners[number]:
            await runner(self.runs[number])

    def _awaited(self, tasks: Mapping[int, asyncio.Task[None]]) -> Iterator[int]:
        """What keeps those back that could be told next."""
        for block in self.waiting.values():
            if block.parent not in self.waiting:
                yield from (number for number in (block.number, *block.borrows) if not tasks[number].done())

    def _ready(self, tasks: Mapping[int, asyncio.Task[None]]) -> Iterator[Deferred]:
        """Also those that become ready as others are told."""
        for block in list(self.waiting.values()):
            needed = [tasks[number] for number in (block.number, *block.borrows)]
            if block.number in self.waiting and block.parent not in self.waiting and all(t.done() for t in needed):
                for task in needed:
                    task.result()
                yield block

    # ---- telling

    def _first(self, shape: Shaper) -> Payload:
        run = self.runs[PRIMARY]
        data = shape(run.data, run)
        self._collect()
        errors = self.errors.of(PRIMARY)
        if run.nulled:
            nulls = nulls_of(self.plan.schema, self._root_name, self.plan.selections, run.data, (), run, nullable=False)
            errors += unexplained(nulls, errors)
        # What comes later is merged into the very objects that are told now.
        data = copied(data)
        self._told(PRIMARY, [(data, run.data, ())])
        return {"data": data, **({"errors": errors} if errors else {}), "hasNext": bool(self.waiting)}

    def _delivered(self, block: Deferred) -> list[Payload]:
        run, shown = self.runs[block.number], self.shown.pop(block.number)
        self._collect()
        errors = self.errors.of(block.number)
        parts, told = [], []
        for _, found, at in shown:
            own, errors = _apart(errors, at)
            data, nulls = self._shaped(block, found, at, run, own)
            told.append((data, found, at))
            parts.append(_part(block, data, at, own + nulls))
        if errors:
            parts[0].setdefault("errors", []).extend(errors)
        self._told(block.number, told)
        return parts

    def _shaped(
        self, block: Deferred, found: Object, at: ResponsePath, run: Run, errors: list[Error]
    ) -> tuple[Any, list[Error]]:
        run.nulled = False
        data = copied(self.shapes[block.number](found, run))
        if not run.nulled:
            return data, []
        nulls = nulls_of(self.plan.schema, block.type_name, block.selections, found, at, run, nullable=True)
        return data, unexplained(nulls, errors)

    def _told(self, number: int, shown: list[Shown]) -> None:
        """Finds the objects of the blocks within; those that have none will never be told."""
        self.waiting.pop(number, None)
        self.errors.close(number)
        outer = self.blocks[number].place if number else ()
        for block in [block for block in self.waiting.values() if block.parent == number]:
            self.shown[block.number] = list(self._objects(block, shown, block.place[len(outer) :]))
            if not self.shown[block.number]:
                self._told(block.number, [])

    def _objects(self, block: Deferred, shown: list[Shown], place: Place) -> Iterator[Shown]:
        for data, found, at in shown:
            for each in _below(data, found, at, place):
                if self._counts(block, each[1]):
                    yield each

    def _counts(self, block: Deferred, found: Object) -> bool:
        name = found.get(TYPENAME)
        return any(on in (None, name) and self.runs[PRIMARY].holds(when) for on, when in block.on.items())

    def _collect(self) -> None:
        for number, run in self.runs.items():
            if run.left_out:
                run.errors.append(left_out(run.left_out))
            self.errors.add(run.errors, number)
            run.errors, run.left_out = [], 0

    @property
    def _root_name(self) -> str:
        schema = self.plan.schema
        root = schema.mutation_type if self.plan.operation == "mutation" else schema.query_type
        assert root is not None
        return root.name


def _part(block: Deferred, data: Any, at: ResponsePath, errors: list[Error]) -> Payload:
    part: Payload = {"data": data, "path": list(at)}
    if block.label is not None:
        part["label"] = block.label
    return part | {"errors": errors} if errors else part


def _apart(errors: list[Error], at: ResponsePath) -> tuple[list[Error], list[Error]]:
    """Those below the path, and the others."""
    inside: list[Error] = []
    outside: list[Error] = []
    for error in errors:
        (inside if tuple(error.get("path") or ())[: len(at)] == at else outside).append(error)
    return inside, outside


def _below(data: Any, found: Any, at: ResponsePath, place: Place) -> Iterator[Shown]:
    if isinstance(data, list) and isinstance(found, list):
        for index, (told, item) in enumerate(zip(data, found, strict=False)):
            yield from _below(told, item, (*at, index), place)
    elif isinstance(data, dict) and isinstance(found, dict):
        if not place:
            yield data, found, at
        elif _is_on(found, place[0]):
            step = place[0]
            yield from _below(data.get(step.response_key), found.get(step.key), (*at, step.response_key), place[1:])


def _is_on(found: Object, step: PlaceStep) -> bool:
    return step.on is None or found.get(TYPENAME) == step.on


async def _one_more(tasks: Iterator[asyncio.Task[None]]) -> None:
    if running := set(tasks):
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)


async def _stopped(tasks: Any) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
