"""The state of a search: entries opened so far, what each takes and waits for. Never changed, only replaced."""

from dataclasses import dataclass, replace

from router.planner.conditions import both
from router.planner.graph import Move, Node
from router.planner.selections import Field, Selections, merged
from router.planner.solution import ENTRY_COST, Chain, Entry, Solution, Taken, conditions_of


@dataclass(frozen=True, eq=False)
class Demand:
    """A field still to be placed, for the operation or for the entry `needed_by`; `barred` have taken their part."""

    field: Field
    needed_by: int | None
    chain: Chain
    barred: frozenset[Node] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Opened:
    node: Node
    move: Move | None
    taken: tuple[Taken, ...] = ()
    needs: Selections = ()
    after: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Draft:
    entries: tuple[Opened, ...]
    missing: Selections = ()
    cost: int = 0

    @classmethod
    def start(cls, node: Node) -> "Draft":
        return cls((Opened(node, None),))

    def without(self, field: Field, cost: int) -> "Draft":
        return replace(self, missing=(*self.missing, field), cost=self.cost + cost)

    def changed(self, index: int, entry: Opened) -> "Draft":
        return replace(self, entries=(*self.entries[:index], entry, *self.entries[index + 1 :]))

    def waiting_for(self, other: int) -> set[int]:
        """The entries that cannot come before another, which is one of them."""
        waits = {other: True}

        def waiting(index: int) -> bool:
            if index not in waits:
                waits[index] = any(waiting(before) for before in self.entries[index].after)
            return waits[index]

        return {index for index in range(len(self.entries)) if waiting(index)}

    def levels(self) -> list[int]:
        """How many entries at least come before each."""
        found: dict[int, int] = {}

        def level(index: int) -> int:
            if index not in found:
                found[index] = 1 + max(map(level, self.entries[index].after), default=-1)
            return found[index]

        return [level(index) for index in range(len(self.entries))]

    def supplied(self, index: int, needed_by: int | None) -> "Draft":
        if needed_by is None:
            return self
        entry = self.entries[needed_by]
        return self.changed(needed_by, replace(entry, after=entry.after | {index}))

    def solution(self) -> Solution:
        conditions = conditions_of({index: entry.taken for index, entry in enumerate(self.entries)})

        def settled(taken: Taken) -> Taken:
            if taken.needed_by is None or taken.field is None:
                return taken
            condition = both(conditions[taken.needed_by], taken.field.condition)
            return replace(taken, field=replace(taken.field, condition=condition))

        taken = [tuple(settled(item) for item in entry.taken) for entry in self.entries]
        entries = tuple(
            Entry(entry.move, merged(entry.needs), taken[index], conditions[index])
            for index, entry in enumerate(self.entries)
            if entry.move
        )
        cost = sum(item.cost for items in taken for item in items) + len(entries) * ENTRY_COST
        return Solution(self.entries[0].node, taken[0], entries, {}, self.missing, cost)


@dataclass(frozen=True, eq=False, slots=True)
class Option:
    """One way to place a demand: in the entry `index`, or in a new one by `move`."""

    taken: Taken
    index: int | None
    move: Move | None
    remainder: Field | None
    requires: Selections
    chain: Chain
    estimate: int
    level: int = 0

    @property
    def is_certain(self) -> bool:
        """Whether it leaves nothing open that might not be found."""
        return self.index is not None and not self.requires and self.remainder is None

    @property
    def is_free(self) -> bool:
        return self.is_certain and self.estimate < ENTRY_COST

    @property
    def rank(self) -> tuple[int, bool, bool, int]:
        """What is left of a field is likely to cost another request. At one price the whole and sure comes first."""
        left = self.remainder is not None
        return self.estimate + (ENTRY_COST if left else 0), left, not self.is_certain, self.level

    def applied(self, draft: Draft, demand: Demand) -> tuple[Draft, tuple[Demand, ...]]:
        index, draft, needs = self._entered(draft)
        entry = draft.entries[index]
        entry = replace(entry, taken=(*entry.taken, self.taken), needs=entry.needs + needs)
        draft = replace(draft.changed(index, entry), cost=draft.cost + self.taken.cost)
        added = [Demand(need, index, self.chain) for need in needs]
        if self.remainder:
            barred = demand.barred | {entry.node}
            added.append(Demand(self.remainder, demand.needed_by, demand.chain, barred))
        return draft.supplied(index, demand.needed_by), tuple(added)

    def _entered(self, draft: Draft) -> tuple[int, Draft, Selections]:
        if self.index is not None:
            return self.index, draft, self.requires
        assert self.move is not None
        opened = replace(
            draft, entries=(*draft.entries, Opened(self.move.node, self.move)), cost=draft.cost + ENTRY_COST
        )
        return len(draft.entries), opened, self.move.key + self.requires
