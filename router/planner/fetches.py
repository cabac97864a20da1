"""From the chosen walk to the fetch graph: steps that each ask one subgraph, and which step waits for which."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from router.planner.branches import Branch
from router.planner.budget import Budget
from router.planner.conditions import ALWAYS, NEVER, Condition, either
from router.planner.graph import Graph, Node
from router.planner.nodes import Path, PathStep
from router.planner.selections import Selections, clash, merged
from router.planner.solution import Entry, Solution, Taken


@dataclass(eq=False)
class Call:
    """What a step asks for the objects at one path; `key` and `requires` are empty where it asks a root type.

    With `lacking`, only for the objects that have not all of these.
    """

    path: Path
    branch: Branch
    key: Selections = ()
    requires: Selections = ()
    lacking: Selections = ()
    condition: Condition = ALWAYS

    @property
    def place(self) -> tuple[Path, Node, Selections]:
        return self.path, self.branch.node, self.key

    def plain(self) -> "Call":
        """The same for those that cannot be sent what is required, without the fields that require it."""
        return Call(self.path, self.branch.plain(), self.key, (), self.requires, self.condition)


@dataclass(eq=False)
class Step:
    number: int
    subgraph: str
    operation: str
    calls: list[Call]
    after: set[int] = field(default_factory=set)
    _by_place: dict[tuple[Path, Node, Selections], list[Call]] = field(default_factory=dict, init=False)

    @property
    def block(self) -> int:
        return self.calls[0].branch.node.block

    @property
    def is_root(self) -> bool:
        return not self.calls[0].key

    def take(self, other: "Step") -> None:
        """All that the other asks, as one with it."""
        for call in other.calls:
            self._join(call)
        self.after |= other.after

    def _join(self, added: Call) -> None:
        for call in (alike := self._alike(added)):
            if self._can_be_sent_together(call, added) and call.branch.agrees(added.branch):
                call.branch.absorb(added.branch)
                call.requires = merged((*call.requires, *added.requires))
                call.condition = either(call.condition, added.condition)
                return
        self.calls.append(added)
        alike.append(added)

    def _can_be_sent_together(self, call: Call, added: Call) -> bool:
        """What is required under another condition may be missing when only the other is asked for."""
        alike = call.condition == added.condition or not (call.requires or added.requires)
        return alike and not clash(call.requires, added.requires)

    def _alike(self, call: Call) -> list[Call]:
        """Its calls for the same objects by the same key."""
        if not self._by_place:
            for own in self.calls:
                self._by_place.setdefault(own.place, []).append(own)
        return self._by_place.setdefault(call.place, [])


class FetchGraph:
    """`steps` by number. A step comes after all those named in its `after`."""

    def __init__(self, graph: Graph, operation: str, budget: Budget) -> None:
        self.graph, self.operation, self.budget = graph, operation, budget
        self.steps: dict[int, Step] = {}

    def add(self, solution: Solution) -> None:
        """Takes the solution of a root position, which no fetch has reached yet."""
        self._position(solution, None, None, ())

    def _position(self, solution: Solution, branch: Branch | None, step: Step | None, path: Path) -> set[int]:
        steps = [step, *(self._open(entry, step, path) for entry in solution.entries)]
        branches = [branch, *(opened.calls[0].branch for opened in steps[1:] if opened)]
        touched = {opened.number for opened in steps if opened}
        parts = [solution.taken, *(entry.taken for entry in solution.entries)]
        for number, taken in enumerate(parts):
            touched |= self._take(taken, branches[number], steps, number, path)
        for name, part in solution.by_type.items():
            assert branch is not None
            touched |= self._position(part, branch.on(part.node), step, _only(path, name))
        return touched

    def _take(
        self, taken: Iterable[Taken], branch: Branch | None, steps: list[Step | None], number: int, path: Path
    ) -> set[int]:
        touched: set[int] = set()
        for item in _under_own_conditions(taken):
            assert branch is not None
            reached = self._taken(item, branch, steps[number], path)
            waiting = steps[item.needed_by] if item.needed_by is not None else None
            if waiting:
                waiting.after |= reached
            touched |= reached
        return touched

    def _taken(self, item: Taken, branch: Branch, step: Step | None, path: Path) -> set[int]:
        self.budget.spend()
        if item.field is None:
            return self._position(item.solution, branch, step, path)
        assert step is not None
        below = branch.add(item.field, item.solution.node)
        if below is None:
            return {step.number}
        return self._position(item.solution, below, step, (*path, PathStep(item.field.key)))

    def _open(self, entry: Entry, parent: Step | None, path: Path) -> Step:
        key = {field.key for field in entry.move.key if field.is_leaf}
        requires = tuple(f for f in entry.needs if f.key not in key and f not in entry.move.key)
        branch = Branch(entry.move.node, self.graph)
        call = Call(path, branch, entry.move.key, requires, condition=entry.condition)
        operation = "query" if parent else self.operation
        step = Step(len(self.steps), entry.move.node.subgraph, operation, [call], {parent.number} if parent else set())
        self.steps[step.number] = step
        return step


def _under_own_conditions(taken: Iterable[Taken]) -> Iterator[Taken]:
    """Where a field is fetched under a wider condition than its own, as it is taken more than once."""
    items = list(taken)
    wider: dict[str, Condition] = {}
    for item in items:
        if item.field:
            wider[item.field.key] = either(wider.get(item.field.key, NEVER), item.field.condition)
    for item in items:
        if item.field is None or item.field.condition == wider[item.field.key]:
            yield item
        else:
            yield replace(item, solution=item.solution.under(item.field.condition))


def _only(path: Path, type_name: str) -> Path:
    return (*path[:-1], PathStep(path[-1].key, (type_name,)))
