"""What the nodes of a type can reach, and after how many requests at the least. It holds nothing of any operation."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from router.planner.graph import Graph, Node

UNREACHED = 1_000


class Distances:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._found: dict[tuple[str, Node, str], int] = {}
        self._rounds: dict[tuple[str, Node], Mapping[Node, int]] = {}

    def to(self, name: str, type_name: str, nodes: Iterable[Node]) -> int:
        """The requests from the nearest of these nodes of a position to one that resolves the field."""
        nodes = tuple(nodes)
        if any(self.graph.edge(node, name) for node in nodes):
            return 0
        return min((self._from(node, name, type_name) for node in nodes), default=UNREACHED)

    def reaches(self, node: Node, name: str, type_name: str) -> bool:
        return self._from(node, name, type_name) < UNREACHED

    def _from(self, node: Node, name: str, type_name: str) -> int:
        node = replace(node, block=0) if node.block else node
        key = type_name, node, name
        if key not in self._found:
            rounds = self._reached(node, type_name)
            resolving = (n for to, n in rounds.items() if self.graph.is_abstract(to) or self.graph.edge(to, name))
            self._found[key] = min(resolving, default=UNREACHED)
        return self._found[key]

    def _reached(self, node: Node, type_name: str) -> Mapping[Node, int]:
        if (type_name, node) not in self._rounds:
            self._rounds[type_name, node] = self._search(node, type_name)
        return self._rounds[type_name, node]

    def _search(self, node: Node, type_name: str) -> Mapping[Node, int]:
        """Each node that can be entered, with the round of requests in which all of a key to it is known."""
        moves = self.graph.moves(type_name)
        names = {field.name for move in moves for field in move.key}
        known, reached, latest = set[str](), {node: 0}, [node]
        while latest:
            known |= {name for name in names for each in latest if self.graph.edge(each, name)}
            open_ = (m.node for m in moves if m.node not in reached and all(f.name in known for f in m.key))
            latest = list(dict.fromkeys(open_))
            reached |= dict.fromkeys(latest, max(reached.values()) + 1)
        return reached
