"""The join directives of each composite type, turned into what each subgraph knows of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    OperationDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)

from router.supergraph.directives import applied
from router.supergraph.model import Key, Kind, SubgraphField, SubgraphInfo, SubgraphType, SupergraphError

CompositeNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode
KINDS: dict[type, Kind] = {
    ObjectTypeDefinitionNode: "object",
    InterfaceTypeDefinitionNode: "interface",
    UnionTypeDefinitionNode: "union",
}


def read_types(
    document: DocumentNode, schema: GraphQLSchema, subgraphs: Mapping[str, SubgraphInfo], join: str
) -> dict[tuple[str, str], SubgraphType]:
    reader = _JoinReader(document, schema, subgraphs, join)
    return {(type_.name, type_.subgraph): type_ for node in reader.nodes.values() for type_ in reader.read(node)}


@dataclass
class _Membership:
    """All the uses of @join__type for one type and one subgraph."""

    keys: list[Key]
    interface_object: bool = False


class _JoinReader:
    def __init__(
        self, document: DocumentNode, schema: GraphQLSchema, subgraphs: Mapping[str, SubgraphInfo], join: str
    ) -> None:
        self.schema, self.subgraphs, self.join = schema, subgraphs, join
        self.nodes = {node.name.value: node for node in document.definitions if isinstance(node, CompositeNode)}
        self.directives = {d.name for d in schema.directives}
        self.memberships = {name: self._memberships(node) for name, node in self.nodes.items()}

    def read(self, node: CompositeNode) -> Iterator[SubgraphType]:
        name = node.name.value
        for graph, membership in self.memberships[name].items():
            yield SubgraphType(
                name=name,
                subgraph=self.subgraphs[graph].name,
                kind=KINDS[type(node)],
                interface_object=membership.interface_object,
                keys=tuple(membership.keys),
                fields=self._fields(node, graph, membership),
                possible=tuple(self._possible(node, graph)),
            )

    def _memberships(self, node: CompositeNode) -> dict[str, _Membership]:
        found: dict[str, _Membership] = {}
        for arguments in applied(node, f"{self.join}__type"):
            membership = found.setdefault(self._graph(arguments, node.name.value), _Membership([]))
            membership.interface_object |= bool(arguments.get("isInterfaceObject"))
            if arguments.get("key"):
                membership.keys.append(Key(arguments["key"], arguments.get("resolvable", True)))
        return found or {graph: _Membership([]) for graph in self.subgraphs}

    def _graph(self, arguments: dict[str, Any], where: str) -> str:
        graph = str(arguments.get("graph"))
        if graph not in self.subgraphs:
            raise SupergraphError(f"{where} names the subgraph {graph}, which {self.join}__Graph does not have.")
        return graph

    def _fields(self, node: CompositeNode, graph: str, membership: _Membership) -> dict[str, SubgraphField]:
        if isinstance(node, UnionTypeDefinitionNode):
            return {}
        owner = next((str(a.get("graph")) for a in applied(node, f"{self.join}__owner")), None)
        found = {f.name.value: self._field(node, f, graph, owner) for f in node.fields or ()}
        fields = {name: field for name, field in found.items() if field is not None}
        return fields if owner is None else _with_keys(fields, membership)

    def _field(
        self, node: CompositeNode, field: FieldDefinitionNode, graph: str, owner: str | None
    ) -> SubgraphField | None:
        uses = list(applied(field, f"{self.join}__field"))
        if not uses:
            return SubgraphField(print_ast(field.type), external=owner not in (None, graph))
        where = f"{node.name.value}.{field.name.value}"
        for use in uses:
            if use.get("contextArguments"):
                raise SupergraphError(f"{where} takes arguments from a context, which this router does not fill.")
            if use.get("graph") is not None and self._graph(use, where) == graph:
                return _field_of(field, use)
        return SubgraphField(print_ast(field.type), external=True) if owner else None

    def _possible(self, node: CompositeNode, graph: str) -> Iterator[str]:
        if isinstance(node, ObjectTypeDefinitionNode):
            yield node.name.value
        elif isinstance(node, UnionTypeDefinitionNode):
            yield from self._members(node, graph)
        else:
            yield from self._implementations(node.name.value, graph)

    def _members(self, node: UnionTypeDefinitionNode, graph: str) -> Iterator[str]:
        if f"{self.join}__unionMember" not in self.directives:
            yield from (t.name.value for t in node.types or () if graph in self.memberships[t.name.value])
        for use in applied(node, f"{self.join}__unionMember"):
            if use.get("graph") == graph:
                yield str(use["member"])

    def _implementations(self, interface: str, graph: str) -> Iterator[str]:
        for name, node in self.nodes.items():
            if isinstance(node, ObjectTypeDefinitionNode) and self._implements(node, interface, graph):
                yield name

    def _implements(self, node: ObjectTypeDefinitionNode, interface: str, graph: str) -> bool:
        if f"{self.join}__implements" not in self.directives:
            declared = {i.name.value for i in node.interfaces or ()}
            return interface in declared and graph in self.memberships[node.name.value]
        uses = applied(node, f"{self.join}__implements")
        return any(use.get("graph") == graph and use.get("interface") == interface for use in uses)


def _with_keys(fields: dict[str, SubgraphField], membership: _Membership) -> dict[str, SubgraphField]:
    """Before join v0.2 a subgraph that extends a type lists its key fields in the key alone."""
    names = {name for key in membership.keys for name in key_names(key.fields)} & fields.keys()
    return fields | {name: replace(fields[name], external=False) for name in names}


def _field_of(field: FieldDefinitionNode, use: dict[str, Any]) -> SubgraphField:
    return SubgraphField(
        type=use.get("type") or print_ast(field.type),
        external=bool(use.get("external")),
        requires=use.get("requires"),
        provides=use.get("provides"),
        overrides=use.get("override"),
        override_label=use.get("overrideLabel"),
        used_overridden=bool(use.get("usedOverridden")),
    )


def key_names(fields: str) -> tuple[str, ...]:
    """The outermost field names of a field set."""
    operation = cast(OperationDefinitionNode, parse(f"{{{fields}}}", no_location=True).definitions[0])
    return tuple(s.name.value for s in operation.selection_set.selections if isinstance(s, FieldNode))
