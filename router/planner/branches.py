"""A selection set under construction for one node: its fields, and what each of its types adds."""

from collections.abc import Iterator
from dataclasses import replace

from router.planner.conditions import ALWAYS, either
from router.planner.graph import Graph, Node
from router.planner.selections import TYPENAME, Field


class Item:
    """A field of a branch; `alias` is set where its own key would clash within the request."""

    def __init__(self, field: Field, type_: str, below: "Branch | None") -> None:
        self.field, self.type, self.below = field, type_, below
        self.alias = field.key


class Branch:
    def __init__(self, node: Node, graph: Graph) -> None:
        self.node, self.graph = node, graph
        self.items: dict[str, Item] = {}
        self.types: dict[str, Branch] = {}

    @property
    def is_interface_object(self) -> bool:
        known = self.graph.type_at(self.node)
        return known is not None and known.interface_object

    @property
    def may_be(self) -> frozenset[str]:
        """The types that the objects it asks may have here."""
        return frozenset([self.node.type, *(node.type for node in self.graph.possible(self.node))])

    def always_asks(self, key: str) -> bool:
        return key in self.items and self.items[key].field.condition == ALWAYS

    def add(self, field: Field, child: Node) -> "Branch | None":
        """Asks for the field; gives the branch below it, None for a leaf."""
        edge = self.graph.edge(self.node, field.name)
        assert edge is not None
        return self._add(field, child, edge.type)

    def _add(self, field: Field, child: Node, type_: str) -> "Branch | None":
        item = self.items.get(field.key)
        if item is None:
            below = None if field.is_leaf else Branch(child, self.graph)
            item = self.items[field.key] = Item(field, type_, below)
        elif field.condition != item.field.condition:
            item.field = replace(item.field, condition=either(item.field.condition, field.condition))
        return item.below

    def on(self, node: Node) -> "Branch":
        return self.types.setdefault(node.type, Branch(node, self.graph))

    def absorb(self, other: "Branch") -> None:
        """Takes over all that the other branch asks of the same node."""
        for item in other.items.values():
            below = self._add(item.field, item.below.node if item.below else other.node, item.type)
            if below and item.below:
                below.absorb(item.below)
        for branch in other.types.values():
            self.on(branch.node).absorb(branch)

    def plain(self) -> "Branch":
        """A copy without the fields that have @requires, and without types of which nothing is left."""
        plain = Branch(self.node, self.graph)
        for item in self.items.values():
            if not self._requires(item):
                below = plain._add(item.field, item.below.node if item.below else self.node, item.type)
                if below and item.below:
                    below.absorb(item.below)
        parts = ((name, branch.plain()) for name, branch in self.types.items())
        plain.types = {name: part for name, part in parts if part.is_worth_asking}
        return plain

    @property
    def is_worth_asking(self) -> bool:
        return bool(self.types) or any(item.field.name != TYPENAME for item in self.items.values())

    def _requires(self, item: Item) -> bool:
        edge = self.graph.edge(self.node, item.field.name)
        return bool(edge and edge.requires)

    def agrees(self, other: "Branch") -> bool:
        """Whether the two can be asked in one, each key of one field with the same arguments."""
        return all(self._agrees_on(key, item) for key, item in other.items.items()) and all(
            self.types[name].agrees(branch) for name, branch in other.types.items() if name in self.types
        )

    def _agrees_on(self, key: str, other: Item) -> bool:
        own = self.items.get(key)
        if own is None:
            return True
        same = (own.field.name, own.field.arguments) == (other.field.name, other.field.arguments)
        return same and (own.below is None or other.below is None or own.below.agrees(other.below))

    def flat(self) -> Iterator["Branch"]:
        yield self
        for branch in self.types.values():
            yield from branch.flat()
