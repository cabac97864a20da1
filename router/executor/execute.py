"""Running a plan: its nodes become closures once, and are run with the state of each request."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from router.context import NOBODY, RequestContext
from router.errors import SHOWN_EXTENSIONS
from router.executor.ask import MALFORMED, is_malformed, unanswered
from router.executor.deferred import Delivery
from router.executor.entities import EntityFetch
from router.executor.errors import NoAnswer, left_out
from router.executor.explain import unexplained_nulls
from router.executor.introspection import introspect
from router.executor.roots import RootFetch
from router.executor.run import Run, Runner, together
from router.executor.shape import Completer, Shaper, block_completer, root_shaper
from router.executor.withheld import tell_withheld
from router.planner.nodes import (
    Conditional,
    Defer,
    Fetch,
    Milestone,
    Parallel,
    PlanNode,
    QueryPlan,
    Sequence,
    Subscription,
)
from router.transports.base import Load, Transport, TransportError

_prepared: WeakKeyDictionary[QueryPlan, "Prepared"] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Block:
    """A deferred block made ready."""

    run: Runner | None
    complete: Completer


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan made ready to run. Holds nothing of any request."""

    run: Runner | None
    primary: RootFetch | None
    shape: Shaper
    blocks: Mapping[int, Block] | None = None


def prepare(plan: QueryPlan) -> Prepared:
    prepared = _prepared.get(plan)
    if prepared is None:
        prepared = _prepared[plan] = _prepare(plan)
    return prepared


def _prepare(plan: QueryPlan) -> Prepared:
    shape = root_shaper(plan)
    if isinstance(plan.root, Subscription):
        rest = _runner(plan.root.rest) if plan.root.rest else None
        return Prepared(rest, RootFetch(plan.root.primary), shape)
    if isinstance(plan.root, Defer):
        blocks = {
            block.number: Block(_runner(block.node) if block.node else None, block_completer(plan.schema, block))
            for block in plan.root.blocks
        }
        primary = _runner(plan.root.primary) if plan.root.primary else None
        return Prepared(primary, None, shape, blocks)
    return Prepared(_runner(plan.root) if plan.root else None, None, shape)


async def execute(
    plan: QueryPlan,
    variables: Mapping[str, Any],
    transport: Transport,
    context: RequestContext = NOBODY,
    shown_extensions: frozenset[str] = frozenset(SHOWN_EXTENSIONS),
) -> dict[str, Any]:
    """The response to a query or mutation: `data`, and `errors` if there are any."""
    prepared = prepare(plan)
    run = _start(plan, variables, transport, context, shown_extensions)
    if plan.introspection:
        await introspect(plan, run)
    if prepared.run:
        await prepared.run(run)
    return await run.load.step(_response, plan, prepared, run)


async def deliver(
    plan: QueryPlan,
    variables: Mapping[str, Any],
    transport: Transport,
    context: RequestContext = NOBODY,
    shown_extensions: frozenset[str] = frozenset(SHOWN_EXTENSIONS),
) -> AsyncGenerator[dict[str, Any], None]:
    """The response to an operation that defers, in parts. Close it to end what still runs."""
    prepared = prepare(plan)
    assert isinstance(plan.root, Defer)
    assert prepared.blocks is not None
    run = _start(plan, variables, transport, context, shown_extensions)
    run.milestones = defaultdict(asyncio.Event)
    if plan.introspection:
        await introspect(plan, run)
    runners = {0: prepared.run} | {number: block.run for number, block in prepared.blocks.items()}
    shapes = {number: block.complete for number, block in prepared.blocks.items()}
    async with aclosing(Delivery(plan, plan.root, runners, shapes, run).payloads(prepared.shape)) as payloads:
        async for payload in payloads:
            yield payload


async def subscribe(
    plan: QueryPlan,
    variables: Mapping[str, Any],
    transport: Transport,
    context: RequestContext = NOBODY,
    shown_extensions: frozenset[str] = frozenset(SHOWN_EXTENSIONS),
) -> AsyncIterator[dict[str, Any]]:
    """A response for each event, completed from the other subgraphs. A broken stream ends with an error."""
    prepared = prepare(plan)
    assert prepared.primary is not None
    start = partial(_start, plan, variables, transport, context, shown_extensions)
    request = start().request(prepared.primary.fetch)
    async with _closing(transport.subscribe(request)) as events:
        async for reply in _until_broken(events):
            run = start()
            run.load, request.load.bytes = Load(request.load.bytes), 0
            await run.load.step(prepared.primary.take, run, reply)
            if prepared.run:
                await prepared.run(run)
            yield await run.load.step(_response, plan, prepared, run)


@asynccontextmanager
async def _closing(events: AsyncIterator[Any]) -> AsyncIterator[AsyncIterator[Any]]:
    """Ends the stream upstream as soon as the client's ends."""
    try:
        yield events
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


async def _until_broken(events: AsyncIterator[Mapping[str, Any]]) -> AsyncIterator[Mapping[str, Any] | NoAnswer]:
    try:
        async for reply in events:
            yield MALFORMED if is_malformed(reply) else reply
    except TransportError as error:
        yield unanswered(error)


def _start(
    plan: QueryPlan,
    variables: Mapping[str, Any],
    transport: Transport,
    context: RequestContext,
    shown_extensions: frozenset[str],
) -> Run:
    switches = {**plan.defaults, **variables} if plan.defaults else variables
    return Run(
        variables,
        switches,
        transport,
        context,
        selections=plan.selections,
        everything=plan.everything,
        shown_extensions=shown_extensions,
    )


def _response(plan: QueryPlan, prepared: Prepared, run: Run) -> dict[str, Any]:
    if plan.withheld:
        tell_withheld(plan, run)
    data = prepared.shape(run.data, run)
    if run.nulled:
        run.errors.extend(unexplained_nulls(plan, run))
    if run.left_out:
        run.errors.append(left_out(run.left_out))
    run.forget()
    return {"data": data, "errors": run.errors} if run.errors else {"data": data}


def _runner(node: PlanNode) -> Runner:
    match node:
        case Sequence(nodes):
            return _in_sequence([_runner(child) for child in nodes])
        case Parallel(nodes):
            return _in_parallel([_runner(child) for child in nodes])
        case Conditional(condition, child):
            return _if(condition, _runner(child))
        case Milestone(number, child):
            return _noted(number, _runner(child))
        case Fetch(entities=entities):
            return EntityFetch(node) if entities else RootFetch(node)
    raise TypeError(f"{type(node).__name__} cannot stand here.")


def _in_sequence(runners: list[Runner]) -> Runner:
    async def run_all(run: Run) -> None:
        for runner in runners:
            await runner(run)

    return run_all


def _in_parallel(runners: list[Runner]) -> Runner:
    async def run_all(run: Run) -> None:
        await together(*(runner(run) for runner in runners))

    return run_all


def _noted(number: int, runner: Runner) -> Runner:
    async def run_and_note(run: Run) -> None:
        try:
            await runner(run)
        finally:
            run.reach(number)

    return run_and_note


def _if(condition: Any, runner: Runner) -> Runner:
    async def run_if(run: Run) -> None:
        if run.holds(condition):
            await runner(run)

    return run_if
