"""Dropping what cannot be: object types that a position cannot have.

Where several subgraphs can resolve the same field they have to resolve it alike, so that only a type they all know
can stand there; a type one of them alone knows is not asked for.
"""

from operator import is_

from router.planner.graph import Graph, Node
from router.planner.selections import Field, Selections

Nodes = frozenset[Node]


class Narrowing:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[tuple[int, Nodes], tuple[Selections, Selections]] = {}

    def root(self, type_name: str, selections: Selections) -> Selections:
        return self._narrowed(selections, frozenset(move.node for move in self.graph.moves(type_name)))

    def _narrowed(self, selections: Selections, nodes: Nodes) -> Selections:
        """`nodes` are all the nodes at which the position can be reached."""
        key = id(selections), nodes
        if key not in self._known:
            self._known[key] = selections, self._filtered(selections, nodes)
        return self._known[key][1]

    def _filtered(self, selections: Selections, nodes: Nodes) -> Selections:
        excluded = self._excluded(nodes)
        kept = [field for field in selections if field.on not in excluded]
        narrowed = tuple(self._field(field, nodes) for field in kept)
        same = len(narrowed) == len(selections) and all(map(is_, narrowed, selections))
        return selections if same else narrowed

    def _field(self, field: Field, nodes: Nodes) -> Field:
        if not field.children:
            return field
        starts = self._of_type(field.on, nodes) if field.on else nodes
        edges = (self.graph.edge(node, field.name) for node in self._reachable(starts))
        children = self._narrowed(field.children, frozenset(edge.child for edge in edges if edge and edge.child))
        return field if children is field.children else field.with_children(children)

    def _of_type(self, type_name: str, nodes: Nodes) -> Nodes:
        return frozenset(p for node in nodes for p in self.graph.possible(node) if p.type == type_name) or nodes

    def _reachable(self, nodes: Nodes) -> Nodes:
        types = {node.type for node in nodes}
        return nodes | {move.node for type_name in types for move in self.graph.moves(type_name)}

    def _excluded(self, nodes: Nodes) -> frozenset[str]:
        possible = [{p.type for p in self.graph.possible(node)} for node in nodes if self.graph.is_abstract(node)]
        all_: set[str] = set().union(*possible)
        return frozenset(name for name in all_ if not all(name in known for known in possible))
