"""From the chosen walk to the fetch graph: steps that each ask one subgraph, and which step waits for which."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from router.planner.branches import Branch
from router.planner.budget import Budget
from router.planner.conditions import ALWAYS, NEVER, Condition, narrowed, widened
from router.planner.graph import Graph, Node
from router.planner.nodes import Path, PathStep
from router.planner.selections import Field, Selections, clash, merged
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
                call.condition = widened(call.condition, added.condition)
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


@dataclass(frozen=True, slots=True)
class _Position:
    """Where objects stand, and when what is asked of them counts: what stands around them is part of it."""

    path: Path = ()
    condition: Condition = ALWAYS

    def of_type(self, name: str) -> "_Position":
        return replace(self, path=(*self.path[:-1], PathStep(self.path[-1].key, (name,))))

    def below(self, field: Field) -> "_Position":
        return _Position((*self.path, PathStep(field.key)), field.condition)


class FetchGraph:
    """`steps` by number. A step comes after all those named in its `after`.

    Conditions are whole here, as what one place asks for is fetched together with what another does.
    """

    def __init__(self, graph: Graph, operation: str, budget: Budget) -> None:
        self.graph, self.operation, self.budget = graph, operation, budget
        self.steps: dict[int, Step] = {}

    def add(self, solution: Solution) -> None:
        """Takes the solution of a root position, which no fetch has reached yet."""
        self._position(solution, None, None, _Position())

    def _position(self, solution: Solution, branch: Branch | None, step: Step | None, at: _Position) -> set[int]:
        steps = [step, *(self._open(entry, step, at) for entry in solution.entries)]
        branches = [branch, *(opened.calls[0].branch if opened else None for opened in steps[1:])]
        touched = {opened.number for opened in steps if opened}
        parts = [solution.taken, *(entry.taken for entry in solution.entries)]
        for number, taken in enumerate(parts):
            touched |= self._take(taken, branches[number], steps, number, at)
        for name, part in solution.by_type.items():
            if branch:
                touched |= self._position(part, branch.on(part.node), step, at.of_type(name))
        return touched

    def _take(
        self, taken: Iterable[Taken], branch: Branch | None, steps: list[Step | None], number: int, at: _Position
    ) -> set[int]:
        touched: set[int] = set()
        for item in taken if branch else ():
            assert branch is not None
            reached = self._taken(item, branch, steps[number], at)
            waiting = steps[item.needed_by] if item.needed_by is not None else None
            if waiting:
                waiting.after |= reached
            touched |= reached
        return touched

    def _taken(self, item: Taken, branch: Branch, step: Step | None, at: _Position) -> set[int]:
        self.budget.spend()
        if item.field is None:
            return self._position(item.solution, branch, step, at)
        condition = narrowed(at.condition, item.field.condition)
        if condition == NEVER:
            return set()
        assert step is not None
        field = item.field if condition == item.field.condition else replace(item.field, condition=condition)
        below = branch.add(field, item.solution.node)
        if below is None:
            return {step.number}
        return self._position(item.solution, below, step, at.below(field))

    def _open(self, entry: Entry, parent: Step | None, at: _Position) -> Step | None:
        condition = narrowed(at.condition, entry.condition)
        if condition == NEVER:
            return None
        key = {field.key for field in entry.move.key if field.is_leaf}
        requires = tuple(f for f in entry.needs if f.key not in key and f not in entry.move.key)
        call = Call(at.path, Branch(entry.move.node, self.graph), entry.move.key, requires, condition=condition)
        operation = "query" if parent else self.operation
        step = Step(len(self.steps), entry.move.node.subgraph, operation, [call], {parent.number} if parent else set())
        self.steps[step.number] = step
        return step
