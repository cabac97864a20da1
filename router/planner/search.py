"""The search at one position: which entries to open, and which entry takes which of the fields still asked for.

Greedy first, cheapest option by cheapest option; then branch and bound against the best found, within a limit.
A field that an open entry takes without a further request is never worth a branch.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from router.planner.budget import Budget
from router.planner.distances import Distances
from router.planner.draft import Demand, Draft, Opened, Option
from router.planner.graph import Edge, Graph, Move, Node
from router.planner.selections import ANY, Field, Selections, clash
from router.planner.solution import ENTRY_COST, MISSING_COST, Chain, Solution, Taken

MOST_BRANCHES = 500
Entries = Mapping[int, Opened]
"""Those that can come before what is to be placed."""
Before = Callable[[int], frozenset[int]]


def alone_before(block: int) -> frozenset[int]:
    return frozenset([block])


class Walker(Protocol):
    """What the search asks of the walk: the answers for what lies below."""

    @property
    def graph(self) -> Graph: ...

    @property
    def distances(self) -> Distances: ...

    @property
    def budget(self) -> Budget: ...

    @property
    def before(self) -> Before: ...

    def solve(self, node: Node, selections: Selections, chain: Chain) -> Solution: ...

    def local(self, node: Node, selections: Selections) -> tuple[Solution, Selections]: ...

    def alone(self, field: Field) -> Selections: ...

    def part(self, field: Field, children: Selections) -> Field: ...


@dataclass(frozen=True, slots=True)
class _Way:
    """One part of a field that a node can take, and what of the field is left."""

    taken: Taken
    remainder: Field | None
    requires: Selections


class Search:
    def __init__(self, walker: Walker, node: Node, chain: Chain) -> None:
        self.walker, self.graph, self.node, self.chain = walker, walker.graph, node, chain
        self.moves = self.graph.moves(node.type)
        roots = self.graph.roots
        self.may_split = node.type not in (roots.get("mutation"), roots.get("subscription"))
        self.best: Draft | None = None
        self.branches = 0

    def run(self, selections: Selections) -> Solution:
        draft, demands = Draft.start(self.node), []
        for field in selections:
            if self.walker.distances.reaches(self.node, field.name, self.node.type):
                demands.append(Demand(field, None, self.chain))
            else:
                draft = draft.without(field, MISSING_COST)
        demands.sort(key=lambda demand: self._candidates(demand.field))
        self._explore(draft, tuple(demands))
        assert self.best is not None
        return self.best.solution()

    def _candidates(self, field: Field) -> int:
        nodes = {self.node, *(move.node for move in self.moves)}
        return sum(1 for node in nodes if self.graph.is_abstract(node) or self.graph.edge(node, field.name))

    def _explore(self, draft: Draft, pending: tuple[Demand, ...]) -> None:
        while pending:
            if self._is_hopeless(draft):
                return
            demand, pending = pending[0], pending[1:]
            options = sorted(self._options(draft, demand), key=lambda option: option.rank)
            if not options or not (options[0].is_free or _is_only_way(options)):
                self._branch(draft, demand, options, pending)
                return
            draft, added = options[0].applied(draft, demand)
            pending = added + pending
        if self.best is None or draft.cost < self.best.cost:
            self.best = draft

    def _is_hopeless(self, draft: Draft) -> bool:
        if self.best is None:
            return False
        return draft.cost >= self.best.cost or self.branches > MOST_BRANCHES or self.walker.budget.is_tight

    def _branch(self, draft: Draft, demand: Demand, options: list[Option], pending: tuple[Demand, ...]) -> None:
        self.branches += 1
        self.walker.budget.spend()
        for option in options:
            next_draft, added = option.applied(draft, demand)
            self._explore(next_draft, added + pending)
        if demand.needed_by is None and (self.best is None or self.best.missing):
            self._explore(draft.without(demand.field, MISSING_COST), pending)

    def _options(self, draft: Draft, demand: Demand) -> Iterator[Option]:
        taking: set[Node] = set()
        block = self._block(draft, demand)
        blocks, levels = self._blocks(block, demand), draft.levels()
        late = set() if demand.needed_by is None else draft.waiting_for(demand.needed_by)
        ready = {index: entry for index, entry in enumerate(draft.entries) if index not in late}
        for index, entry in ready.items():
            if entry.node.block in blocks and entry.node not in demand.barred:
                for option in self._existing(ready, index, levels[index], demand):
                    if not option.requires and option.remainder is None:
                        taking.add(entry.node)
                    yield option
        for move in self.graph.moves_for(self.node.type, block):
            if move.node not in demand.barred and move.node not in taking:
                yield from self._new(ready, move, demand)

    def _block(self, draft: Draft, demand: Demand) -> int:
        """The block for which it is fetched, if it has to be."""
        if demand.needed_by is not None:
            return draft.entries[demand.needed_by].node.block
        return self.node.block if demand.field.block == ANY else demand.field.block

    def _blocks(self, block: int, demand: Demand) -> frozenset[int]:
        """Those whose requests may take it: what a deferred block needs may be there before."""
        return frozenset([block]) if demand.needed_by is None else self.walker.before(block) | {self.node.block}

    def _existing(self, ready: Entries, index: int, level: int, demand: Demand) -> Iterator[Option]:
        entry = ready[index]
        token = self._token(entry.node, entry.move.text if entry.move else "", demand.field)
        for way in self._ways(entry.node, demand):
            if all(need in entry.needs for need in way.requires):
                yield Option(way.taken, index, None, way.remainder, (), demand.chain, way.taken.cost, level)
            elif index > 0 and token not in demand.chain and not clash(entry.needs, way.requires):
                chain = demand.chain | {token}
                missing = self._unsupplied({i: other for i, other in ready.items() if i != index}, way.requires)
                estimate = way.taken.cost + missing * ENTRY_COST
                yield Option(way.taken, index, None, way.remainder, way.requires, chain, estimate, level)

    def _new(self, ready: Entries, move: Move, demand: Demand) -> Iterator[Option]:
        for way in self._ways(move.node, demand):
            token = self._token(move.node, move.text, demand.field if way.requires else None)
            if token not in demand.chain:
                chain = demand.chain | {token}
                requests = 1 + self._unsupplied(ready, (*move.key, *way.requires))
                estimate = requests * ENTRY_COST + way.taken.cost + len(move.key)
                yield Option(way.taken, None, move, way.remainder, way.requires, chain, estimate)

    def _token(self, node: Node, key: str, field: Field | None) -> tuple[str, str, str, str]:
        return node.type, node.subgraph, key, field.name if field else ""

    def _unsupplied(self, ready: Entries, fields: Selections) -> int:
        """A guess at the requests that it costs to have these fields first."""
        nodes = [entry.node for entry in ready.values()]
        return sum(self.walker.distances.to(field.name, self.node.type, nodes) for field in fields)

    def _ways(self, node: Node, demand: Demand) -> Iterator[_Way]:
        field = demand.field
        if self.graph.is_abstract(node):
            solution = self.walker.solve(node, self.walker.alone(field), demand.chain)
            if not solution.missing:
                yield _Way(Taken(None, solution, demand.needed_by), None, ())
            return
        edge = self.graph.edge(node, field.name)
        if edge is None or field.on:
            return
        if edge.child is None:
            yield _Way(Taken(field, Solution(node), demand.needed_by), None, edge.requires)
            return
        yield from self._ways_below(edge, edge.child, demand)

    def _ways_below(self, edge: Edge, child: Node, demand: Demand) -> Iterator[_Way]:
        field = demand.field
        whole = self.walker.solve(child, field.children, demand.chain)
        if not whole.missing:
            yield _Way(Taken(field, whole, demand.needed_by), None, edge.requires)
        elif self._may_split(child, demand) and not whole.is_empty:
            yield self._part(field, whole, whole.missing, edge, demand)
        if not whole.missing and whole.cost >= ENTRY_COST and self._may_split(child, demand):
            local, rest = self.walker.local(child, field.children)
            if rest and not local.is_empty:
                yield self._part(field, local, rest, edge, demand)

    def _may_split(self, child: Node, demand: Demand) -> bool:
        """Whether what one node leaves of the field might be taken by another."""
        return self.may_split and any(
            move.node.subgraph != child.subgraph
            and move.node not in demand.barred
            and (self.graph.is_abstract(move.node) or self.graph.edge(move.node, demand.field.name))
            for move in (*self.graph.moves_for(self.node.type, child.block), Move(self.node, (), ""))
        )

    def _part(self, field: Field, solution: Solution, rest: Selections, edge: Edge, demand: Demand) -> _Way:
        taken = Taken(field, replace(solution, missing=()), demand.needed_by)
        return _Way(taken, self.walker.part(field, rest), edge.requires)


def _is_only_way(options: list[Option]) -> bool:
    return len(options) == 1 and options[0].is_certain
