"""The supergraph as a graph: nodes are a type in a subgraph, edges its fields, moves the ways into other subgraphs.

Edges and moves are found when first asked for and kept. The graph holds nothing of any operation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

from graphql import GraphQLCompositeType, GraphQLObjectType, OperationDefinitionNode, is_leaf_type, parse

from router.planner.naming import NeededNaming
from router.planner.normalize import Normalizer
from router.planner.selections import ANY, TYPENAME, Field, Selections
from router.supergraph import Supergraph
from router.supergraph.model import SubgraphField, SubgraphType

OPERATIONS = ("query", "mutation", "subscription")


@dataclass(frozen=True, slots=True)
class Node:
    """`view` is what a @provides on the way here adds to what the subgraph resolves by itself; what is reached for a
    deferred `block` is kept apart from what is reached for others.
    """

    type: str
    subgraph: str
    view: Selections = ()
    block: int = 0

    def __str__(self) -> str:
        later = f" later {self.block}" if self.block else ""
        return f"{self.type}/{self.subgraph}{'*' if self.view else ''}{later}"

    def takes(self, field: Field) -> bool:
        """Whether it is for the deferred block at hand that the field is fetched."""
        return field.block == self.block or field.block == ANY


@dataclass(frozen=True, slots=True)
class Edge:
    """A field that the node's subgraph resolves, given `requires`; `child` is None for leaves."""

    type: str
    child: Node | None
    requires: Selections = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A way to a node from any other node of the position: by `key`, or by nothing where the type is a root."""

    node: Node
    key: Selections
    text: str


class Graph:
    def __init__(self, supergraph: Supergraph, labels: frozenset[str] = frozenset()) -> None:
        self.supergraph, self._labels = supergraph, labels
        self._fieldsets = Normalizer(supergraph.schema, NeededNaming(), typed=True)
        self._edges: dict[tuple[Node, str], Edge | None] = {}
        self._moves: dict[str, tuple[Move, ...]] = {}
        self._moves_of_blocks: dict[tuple[str, int], tuple[Move, ...]] = {}
        self._parsed: dict[tuple[str, str], Selections] = {}
        self.roots = self._root_names()

    def _root_names(self) -> dict[str, str]:
        schema = self.supergraph.schema
        types = (schema.query_type, schema.mutation_type, schema.subscription_type)
        return {operation: type_.name for operation, type_ in zip(OPERATIONS, types, strict=True) if type_}

    def type_at(self, node: Node) -> SubgraphType | None:
        return self.supergraph.types.get((node.type, node.subgraph))

    def is_abstract(self, node: Node) -> bool:
        known = self.type_at(node)
        return known is not None and known.is_abstract

    def possible(self, node: Node) -> tuple[Node, ...]:
        """The object types that an abstract node can be in its subgraph."""
        known = self.type_at(node)
        return tuple(Node(name, node.subgraph, node.view, node.block) for name in known.possible) if known else ()

    def edge(self, node: Node, name: str) -> Edge | None:
        key = node, name
        if key not in self._edges:
            self._edges[key] = self._find_edge(node, name)
        return self._edges[key]

    def moves(self, type_name: str) -> tuple[Move, ...]:
        """The ways to re-enter the graph at a position of this type."""
        if type_name not in self._moves:
            self._moves[type_name] = tuple(self._find_moves(type_name))
        return self._moves[type_name]

    def all_resolve(self, node: Node, name: str) -> Edge | None:
        """The edge of an abstract node for a field, if whatever object stands there resolves it in this subgraph."""
        edge = self.edge(node, name)
        if edge is None or edge.requires:
            return None
        if name == TYPENAME:
            return edge
        concrete = [self.edge(possible, name) for possible in self.possible(node)]
        return edge if all(found is not None and not found.requires for found in concrete) else None

    def moves_for(self, type_name: str, block: int) -> tuple[Move, ...]:
        """The same for what a deferred block fetches by itself."""
        if block == 0:
            return self.moves(type_name)
        key = type_name, block
        if key not in self._moves_of_blocks:
            moves = tuple(replace(m, node=replace(m.node, block=block)) for m in self.moves(type_name))
            self._moves_of_blocks[key] = moves
        return self._moves_of_blocks[key]

    def _find_edge(self, node: Node, name: str) -> Edge | None:
        known = self.type_at(node)
        if known is None:
            return None
        if name == TYPENAME:
            return None if known.interface_object else Edge("String!", None)
        field = known.fields.get(name)
        if field is None or not self._resolves(node, name, field, known):
            return None
        return Edge(field.type, self._child(node, name, field), self._fieldset(node.type, field.requires))

    def _resolves(self, node: Node, name: str, field: SubgraphField, known: SubgraphType) -> bool:
        if field.override_label and (field.override_label in self._labels) is not bool(field.overrides):
            return self._is_key(node, name)
        external = field.external or (known.interface_object and self._is_required(known, name))
        if not external and (field.override_label or not field.used_overridden):
            return True
        return any(True for _ in _provided(node, name)) or (field.used_overridden and self._is_key(node, name))

    def _is_required(self, known: SubgraphType, name: str) -> bool:
        """What a subgraph requires it has not; of interface objects some composers do not say so."""
        fieldsets = (self._fieldset(known.name, field.requires) for field in known.fields.values())
        required = any(name == field.name and field.is_leaf for fields in fieldsets for field in fields)
        return required and not self._is_key(Node(known.name, known.subgraph), name)

    def _is_key(self, node: Node, name: str) -> bool:
        """A key stays with a subgraph even if another has taken the field over: it is how the object is named."""
        keys = self.supergraph.types[node.type, node.subgraph].keys
        return any(name == field.name for key in keys for field in self._fieldset(node.type, key.fields))

    def _child(self, node: Node, name: str, field: SubgraphField) -> Node | None:
        if is_leaf_type(self.supergraph.schema.type_map[field.named_type]):
            return None
        inherited = tuple(child for provided in _provided(node, name) for child in provided.children)
        return Node(
            field.named_type, node.subgraph, inherited + self._fieldset(field.named_type, field.provides), node.block
        )

    def _find_moves(self, type_name: str) -> Iterator[Move]:
        if type_name in self.roots.values():
            subgraphs = self.supergraph.subgraphs
            yield from (Move(Node(type_name, s), (), "") for s in subgraphs if (type_name, s) in self.supergraph.types)
        for entered in (type_name, *self._interfaces(type_name)):
            yield from self._entity_moves(type_name, entered)

    def _entity_moves(self, type_name: str, entered: str) -> Iterator[Move]:
        for subgraph in self.supergraph.subgraphs:
            known = self.supergraph.types.get((entered, subgraph))
            if known and (entered == type_name or known.interface_object):
                for key in known.keys:
                    if key.resolvable:
                        yield Move(Node(entered, subgraph), self._fieldset(type_name, key.fields), key.fields)

    def _interfaces(self, type_name: str) -> tuple[str, ...]:
        type_ = self.supergraph.schema.type_map.get(type_name)
        return tuple(i.name for i in type_.interfaces) if isinstance(type_, GraphQLObjectType) else ()

    def _fieldset(self, type_name: str, text: str | None) -> Selections:
        if not text:
            return ()
        if (type_name, text) not in self._parsed:
            operation = cast(OperationDefinitionNode, parse(f"{{{text}}}", no_location=True).definitions[0])
            type_ = cast(GraphQLCompositeType, self.supergraph.schema.type_map[type_name])
            selections = self._fieldsets.selections(type_, operation.selection_set)
            self._parsed[type_name, text] = _without_own_type(selections)
        return self._parsed[type_name, text]


def _without_own_type(selections: Selections) -> Selections:
    """A field set for all objects alike need not ask what type they are."""
    if any(field.on for field in selections):
        return selections
    return tuple(field for field in selections if not field.is_implied)


def _provided(node: Node, name: str) -> Iterator[Field]:
    return (field for field in node.view if field.name == name and field.on in (None, node.type))


def needed_names(supergraph: Supergraph) -> set[str]:
    """Every name that occurs in a key or a @requires."""
    texts = {key.fields for type_ in supergraph.types.values() for key in type_.keys}
    texts |= {f.requires for type_ in supergraph.types.values() for f in type_.fields.values() if f.requires}
    words = "".join(character if character.isalnum() or character == "_" else " " for character in " ".join(texts))
    return {TYPENAME, *words.split()}
