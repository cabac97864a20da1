"""What the walk finds for a position: what its own subgraph gives, and the entries into others for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.planner.conditions import Condition, both, either
from router.planner.graph import Move, Node
from router.planner.selections import Field, Selections

# The requirements that are being met while something is searched for: (type, subgraph, key, field).
Chain = frozenset[tuple[str, str, str, str]]

FIELD_COST = 1
ENTRY_COST = 1_000
MISSING_COST = 1_000_000


@dataclass(frozen=True, eq=False, slots=True)
class Taken:
    """A field resolved by the fetch in question; without `field` the solution adds to the position itself.

    `needed_by` is the entry whose key or @requires it is for, None if the operation asks for it.
    """

    field: Field | None
    solution: "Solution"
    needed_by: int | None = None

    @property
    def cost(self) -> int:
        return FIELD_COST + self.solution.cost


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """Another request for the position's objects; `needs` are the fields of the key and the @requires it sends."""

    move: Move
    needs: Selections
    taken: tuple[Taken, ...]
    condition: Condition


@dataclass(frozen=True, eq=False, slots=True)
class Solution:
    """`entries[i]` is entry i + 1 of the position, entry 0 the fetch that reached it."""

    node: Node
    taken: tuple[Taken, ...] = ()
    entries: tuple[Entry, ...] = ()
    by_type: Mapping[str, "Solution"] = field(default_factory=dict)
    missing: Selections = ()
    cost: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.taken or self.entries or self.by_type)


EMPTY = Solution(Node("", ""))


def joined(first: Solution, second: Solution) -> Solution:
    """Two solutions of the same node as one. Only the second may have entries."""
    names = [*first.by_type, *(name for name in second.by_type if name not in first.by_type)]
    by_type = {
        name: joined(first.by_type[name], second.by_type[name])
        if name in first.by_type and name in second.by_type
        else first.by_type.get(name) or second.by_type[name]
        for name in names
    }
    return Solution(
        first.node,
        first.taken + second.taken,
        second.entries,
        by_type,
        second.missing,
        first.cost + second.cost,
    )


def conditions_of(taken: Mapping[int, tuple[Taken, ...]]) -> dict[int, Condition]:
    """When each entry is wanted: when any field is that it takes, for the operation or for another entry."""
    found: dict[int, Condition] = {}

    def condition_of(entry: int) -> Condition:
        if entry not in found:
            whole: Condition = frozenset()
            for item in taken[entry]:
                whole = either(whole, wanted(item))
            found[entry] = whole
        return found[entry]

    def wanted(item: Taken) -> Condition:
        own = item.field.condition if item.field else _of_solution(item.solution)
        return own if item.needed_by is None else both(condition_of(item.needed_by), own)

    for entry in taken:
        condition_of(entry)
    return found


def _of_solution(solution: Solution) -> Condition:
    whole: Condition = frozenset()
    for part in (solution, *solution.by_type.values()):
        for item in part.taken:
            whole = either(whole, item.field.condition if item.field else _of_solution(item.solution))
        for entry in part.entries:
            whole = either(whole, entry.condition)
    return whole
