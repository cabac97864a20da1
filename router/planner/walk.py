"""The walk: which subgraph answers which part of what is asked, with the fewest requests.

`Walker.solve` answers for one position (a node and what is asked there). What the node's own subgraph resolves is
taken at once; what remains is searched for over the moves of the position (see `search`). Results are remembered.
"""

from collections.abc import Iterable, Mapping

from router.planner.budget import Budget
from router.planner.conditions import ALWAYS
from router.planner.distances import Distances
from router.planner.graph import Graph, Node
from router.planner.search import Before, Search, alone_before
from router.planner.selections import Field, Selections, merged, selections_for
from router.planner.solution import EMPTY, ENTRY_COST, Chain, Solution, Taken, joined


class Walker:
    def __init__(self, graph: Graph, distances: Distances, budget: Budget, before: Before = alone_before) -> None:
        """`before` tells from which blocks a deferred block may take what it needs to begin."""
        self.graph, self.distances, self.budget, self.before = graph, distances, budget, before
        self._solved: dict[tuple[object, ...], tuple[Selections, Solution]] = {}
        self._local: dict[tuple[object, ...], tuple[Selections, Solution, Selections]] = {}
        self._alone: dict[int, Selections] = {}
        self._narrowed: dict[tuple[int, str], tuple[Selections, Selections]] = {}
        self._rests: dict[tuple[int, ...], Selections] = {}
        self._parts: dict[tuple[int, int], tuple[Field, Selections, Field]] = {}

    def solve(self, node: Node, selections: Selections, chain: Chain = frozenset()) -> Solution:
        key = node, id(selections), chain
        if key not in self._solved:
            self._solved[key] = selections, self._solve(node, selections, chain)
        return self._solved[key][1]

    def local(self, node: Node, selections: Selections) -> tuple[Solution, Selections]:
        """What the node's own subgraph resolves without another request, and what it does not."""
        key = node, id(selections)
        if key not in self._local:
            self.budget.spend()
            find = self._local_of_abstract if self.graph.is_abstract(node) else self._local_of_object
            solution, rest = find(node, selections)
            self._local[key] = selections, solution, self._same(rest)
        return self._local[key][1:]

    def _same(self, selections: Selections) -> Selections:
        """For equal rests the very same one, so that what is found for it is remembered whoever leaves it."""
        return self._rests.setdefault(tuple(map(id, selections)), selections)

    def part(self, field: Field, children: Selections) -> Field:
        """The field with these of its children, the same one each time."""
        children = self._same(children)
        key = id(field), id(children)
        if key not in self._parts:
            self._parts[key] = field, children, field.with_children(children)
        return self._parts[key][2]

    def alone(self, field: Field) -> Selections:
        """The field as selections, the same ones each time, so that what is found for them is remembered."""
        if id(field) not in self._alone:
            self._alone[id(field)] = (field,)
        return self._alone[id(field)]

    def _solve(self, node: Node, selections: Selections, chain: Chain) -> Solution:
        local, rest = self.local(node, selections)
        if not rest:
            return local
        if self.graph.is_abstract(node):
            return joined(local, self._solve_types(node, selections, rest, chain))
        return joined(local, Search(self, node, chain).run(rest))

    def _solve_types(self, node: Node, selections: Selections, rest: Selections, chain: Chain) -> Solution:
        by_type = {}
        for possible in self.graph.possible(node):
            wanted = self.narrowed(rest, possible.type)
            if wanted:
                by_type[possible.type] = self.solve(possible, wanted, chain)
        missing = _missing_of_types(selections, by_type) if self.graph.possible(node) else rest
        return Solution(node, by_type=by_type, missing=missing, cost=_cost_of_types(by_type))

    def narrowed(self, selections: Selections, object_type: str) -> Selections:
        key = id(selections), object_type
        if key not in self._narrowed:
            self._narrowed[key] = selections, selections_for(selections, object_type)
        return self._narrowed[key][1]

    def _local_of_object(self, node: Node, selections: Selections) -> tuple[Solution, Selections]:
        taken, rest = [], []
        for asked in self._asked(node, selections):
            edge = self.graph.edge(node, asked.name)
            if edge is None or edge.requires or asked.on or not node.takes(asked):
                rest.append(asked)
            else:
                found, remaining = self._split(asked, edge.child)
                taken.extend(found)
                rest.extend(remaining)
        return Solution(node, taken=tuple(taken), cost=sum(t.cost for t in taken)), tuple(rest)

    def _asked(self, node: Node, selections: Selections) -> Selections:
        known = self.graph.type_at(node)
        return _once(selections) if known and known.interface_object else self.narrowed(selections, node.type)

    def _local_of_abstract(self, node: Node, selections: Selections) -> tuple[Solution, Selections]:
        taken: list[Taken] = []
        rest: list[Field] = []
        open_: list[Field] = []
        for asked in selections:
            alike = asked.on is None and node.takes(asked)
            edge = self.graph.all_resolve(node, asked.name) if alike else None
            if edge is None:
                open_.append(asked)
            else:
                found, remaining = self._split(asked, edge.child)
                taken.extend(found)
                rest.extend(remaining)
        by_type, of_types = self._local_of_types(node, tuple(open_))
        cost = sum(t.cost for t in taken) + _cost_of_types(by_type)
        return Solution(node, taken=tuple(taken), by_type=by_type, cost=cost), (*rest, *of_types)

    def _local_of_types(self, node: Node, selections: Selections) -> tuple[dict[str, Solution], Iterable[Field]]:
        if not selections or not self.graph.possible(node):
            return {}, selections
        by_type: dict[str, Solution] = {}
        rest: list[Field] = []
        for possible in self.graph.possible(node):
            solution, remaining = self.local(possible, self.narrowed(selections, possible.type))
            rest.extend(f.within(possible.type) for f in remaining)
            if not solution.is_empty:
                by_type[possible.type] = solution
        return by_type, rest

    def _split(self, asked: Field, child: Node | None) -> tuple[list[Taken], list[Field]]:
        """The part of one field that is resolved here, and the part that is not."""
        if child is None:
            return [Taken(asked, EMPTY)], []
        solution, rest = self.local(child, asked.children)
        if not rest:
            return [Taken(asked, solution)], []
        remaining = self.part(asked, rest)
        return ([] if solution.is_empty else [Taken(asked, solution)]), [remaining]


def _once(selections: Selections) -> Selections:
    """Without what is asked of one type and of all objects besides."""
    of_all = {field.key: field.condition for field in selections if field.on is None}
    return tuple(f for f in selections if not (f.on and f.is_leaf and of_all.get(f.key) in (ALWAYS, f.condition)))


def _missing_of_types(selections: Selections, by_type: Mapping[str, Solution]) -> Selections:
    """What is asked of every type is missing as a whole when one type misses it."""
    of_all = {field.key: field for field in selections if field.on is None}
    missing = ((name, field) for name, solution in by_type.items() for field in solution.missing)
    return merged(of_all.get(field.key) or field.within(name) for name, field in missing)


def _cost_of_types(by_type: Mapping[str, Solution]) -> int:
    """Types that enter the same subgraphs share the requests, so that the dearest type's entries count for all."""
    costs = [solution.cost for solution in by_type.values()]
    entries = max((cost // ENTRY_COST for cost in costs), default=0)
    return entries * ENTRY_COST + sum(cost % ENTRY_COST for cost in costs)
