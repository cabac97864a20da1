"""The stages of planning, in order. Each takes what the one before gave."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from graphql import DocumentNode

from router.planner.blocks import BlockPlanner
from router.planner.budget import Budget
from router.planner.conditions import NEVER, both, either, unless
from router.planner.deferral import PRIMARY, Blocks, blocks_in, told_by
from router.planner.distances import Distances
from router.planner.errors import PlanningError
from router.planner.fetches import FetchGraph
from router.planner.graph import Graph, Node, needed_names
from router.planner.merging import merge_steps
from router.planner.naming import Naming
from router.planner.narrowing import Narrowing
from router.planner.nodes import Fetch, PlanNode, QueryPlan, Subscription
from router.planner.nodes import Sequence as SequenceNode
from router.planner.operation import Operation, read_operation
from router.planner.schedule import Scheduler, sequence
from router.planner.search import alone_before
from router.planner.selections import Field, Selections, Turn
from router.planner.solution import ENTRY_COST, Solution
from router.planner.walk import Walker
from router.planner.withholding import Withhold, nothing
from router.planner.writing import FetchWriter
from router.supergraph import Supergraph


@dataclass(frozen=True, eq=False)
class Stages:
    """Everything that planning found on its way, for those who want to see it."""

    operation: Operation
    solutions: tuple[Solution, ...]
    fetches: tuple[FetchGraph, ...]
    plan: QueryPlan


class Planner:
    """Plans operations over one supergraph; `labels` are the progressive overrides that hold."""

    def __init__(self, supergraph: Supergraph, labels: frozenset[str] = frozenset()) -> None:
        self.supergraph = supergraph
        self._graph = Graph(supergraph, labels)
        self._distances = Distances(self._graph)
        self._naming = Naming(needed_names(supergraph))
        self._guarded = supergraph.guarded_types

    def plan(
        self,
        document: DocumentNode,
        operation_name: str | None,
        withhold: Withhold = nothing,
        switched_on: frozenset[str] | None = None,
    ) -> QueryPlan:
        """The plan of an operation that is valid against the public schema.

        @defer is not looked at, unless it is told which of its variables are `switched_on`; nothing is withheld then.
        """
        return self.stages(document, operation_name, withhold, switched_on).plan

    def stages(
        self,
        document: DocumentNode,
        operation_name: str | None,
        withhold: Withhold = nothing,
        switched_on: frozenset[str] | None = None,
    ) -> Stages:
        try:
            if switched_on is None:
                return self._stages(document, operation_name, Budget(), withhold)
            return self._deferring(document, operation_name, switched_on)
        except RecursionError as error:
            raise PlanningError("The operation is nested too deeply.") from error

    def _deferring(self, document: DocumentNode, operation_name: str | None, switched_on: frozenset[str]) -> Stages:
        """Blocks that cannot be fetched by themselves, for want of a key, are joined to those around them."""
        budget, joined = Budget(), frozenset[int]()
        while True:
            try:
                return self._stages(document, operation_name, budget, blocks=Blocks(switched_on, joined))
            except _Unreachable as unreachable:
                if unreachable.blocks <= joined:
                    raise
                joined |= unreachable.blocks

    def _stages(
        self,
        document: DocumentNode,
        operation_name: str | None,
        budget: Budget,
        withhold: Withhold = nothing,
        blocks: Blocks | None = None,
    ) -> Stages:
        schema, naming, guarded = self.supergraph.schema, self._naming, self._guarded
        operation = read_operation(document, operation_name, schema, naming, guarded, withhold, blocks)
        walker = Walker(self._graph, self._distances, budget, blocks.before if blocks else alone_before)
        solutions = tuple(self._solutions(operation, walker))
        fetches = tuple(self._fetch_graphs(operation, solutions, budget))
        plan = QueryPlan(
            operation=operation.kind,
            root=BlockPlanner(operation, blocks, fetches).plan() if blocks else _root(operation, fetches),
            selections=told_by(operation.selections, PRIMARY) if blocks else operation.selections,
            schema=self.supergraph.public_schema,
            defaults=operation.defaults,
            introspection=operation.introspection,
            withheld=operation.withheld,
        )
        return Stages(operation, solutions, fetches, plan)

    def _solutions(self, operation: Operation, walker: Walker) -> Iterator[Solution]:
        """A mutation is run where the one before it was, if that is as good as elsewhere."""
        before: Solution | None = None
        for part in _in_turn(operation):
            before = self._walk(operation, part, walker, before)
            yield before

    def _walk(self, operation: Operation, selections: Selections, walker: Walker, before: Solution | None) -> Solution:
        narrowed = Narrowing(self._graph).root(operation.root, selections)
        followed = _followed(before, narrowed, walker) if before else None
        solution = followed or walker.solve(Node(operation.root, ""), narrowed)
        if solution.missing:
            raise _Unreachable(operation.root, solution.missing)
        return solution

    def _fetch_graphs(self, operation: Operation, solutions: tuple[Solution, ...], budget: Budget) -> list[FetchGraph]:
        found: list[FetchGraph] = []
        for solution in solutions:
            fetches = FetchGraph(self._graph, operation.kind, budget)
            fetches.add(solution)
            merge_steps(fetches)
            if found and _taken_along(found[-1], fetches):
                found.pop()
            found.append(fetches)
        return found


class _Unreachable(PlanningError):
    def __init__(self, root: str, missing: Selections) -> None:
        super().__init__(f"No subgraph resolves {_path_of(root, missing[0])}.")
        self.blocks = frozenset(blocks_in(missing))


def _in_turn(operation: Operation) -> tuple[Selections, ...]:
    """Fields of a mutation are run one after the other, so each is planned alone."""
    if operation.kind == "mutation":
        places = [place for field in operation.fetched for place in _places(field)]
        return tuple((field,) for _, field in sorted(places, key=lambda place: place[0]))
    return (operation.fetched,) if operation.fetched else ()


def _places(field: Field) -> Iterator[tuple[Turn, Field]]:
    """The turns at which the field may be run, each for when it was not run before."""
    before = NEVER
    for turn, condition in field.turns or (((0, 0), field.condition),):
        when = both(condition, unless(before))
        if when != NEVER:
            yield turn, replace(field, condition=when)
        before = either(before, condition)


def _followed(before: Solution, selections: Selections, walker: Walker) -> Solution | None:
    entry = before.entries[0]
    local, rest = walker.local(entry.move.node, selections)
    if rest:
        return None
    entered = replace(entry, taken=local.taken, condition=selections[0].condition)
    return replace(before, entries=(entered,), cost=local.cost + ENTRY_COST)


def _taken_along(before: FetchGraph, after: FetchGraph) -> bool:
    """Joins a mutation that needs one request to the next one, if that begins in the same subgraph."""
    first, *others = before.steps.values()
    second = next(iter(after.steps.values()))
    if others or first.subgraph != second.subgraph or first.calls[0].condition != second.calls[0].condition:
        return False
    first.calls[0].branch.absorb(second.calls[0].branch)
    second.calls = first.calls
    return True


def _root(operation: Operation, fetches: tuple[FetchGraph, ...]) -> PlanNode | None:
    scheduler = Scheduler(FetchWriter(operation.declared))
    nodes = [scheduler.schedule(list(graph.steps.values())) for graph in fetches]
    root = sequence([node for node in nodes if node])
    return _subscription(root) if operation.kind == "subscription" and root else root


def _subscription(root: PlanNode) -> PlanNode:
    primary, *rest = root.nodes if isinstance(root, SequenceNode) else (root,)
    if not isinstance(primary, Fetch):
        raise PlanningError("A subscription needs one root field, and that without a condition.")
    return Subscription(primary, sequence(rest))


def _path_of(type_name: str, field: Field) -> str:
    names = [type_name, field.name]
    while field.children:
        field = field.children[0]
        names.append(field.name)
    return ".".join(names)
