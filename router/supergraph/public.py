"""The schema that clients see: the supergraph without its machinery and without what is @inaccessible."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLDeferDirective,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    validate_schema,
)

from router.supergraph.directives import is_applied
from router.supergraph.model import SupergraphError

MACHINERY = ("join__", "link__", "core__", "federation__")
KEPT_DIRECTIVES = {"deprecated", "specifiedBy", "oneOf"}
EXECUTABLE = {
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
}


def public_schema(document: DocumentNode, features: Mapping[str, str]) -> GraphQLSchema:
    cut = _PublicCut(document, features)
    schema = _build(DocumentNode(definitions=tuple(cut.definitions())))
    if not schema.get_directive(GraphQLDeferDirective.name):
        schema.directives = (*schema.directives, GraphQLDeferDirective)
    problems = validate_schema(schema)
    if problems:
        raise SupergraphError(f"What clients would see is no valid schema: {problems[0].message}")
    return schema


def _build(document: DocumentNode) -> GraphQLSchema:
    try:
        return build_ast_schema(document, assume_valid_sdl=True)
    except (GraphQLError, TypeError, KeyError) as error:
        raise SupergraphError(f"What clients would see is no valid schema: {error}") from error


class _PublicCut:
    def __init__(self, document: DocumentNode, features: Mapping[str, str]) -> None:
        self.document = document
        self.prefixes = MACHINERY + tuple(f"{name}__" for name in features.values())
        self.inaccessible = features.get("inaccessible", "inaccessible")
        types = (node for node in document.definitions if isinstance(node, TypeDefinitionNode))
        self.hidden = {node.name.value for node in types if self._is_hidden(node)}

    def definitions(self) -> Iterable[DefinitionNode]:
        for node in self.document.definitions:
            if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
                yield replace(node, directives=())
            elif isinstance(node, DirectiveDefinitionNode):
                if self._is_public_directive(node):
                    yield node
            elif isinstance(node, TypeDefinitionNode) and node.name.value not in self.hidden:
                yield self._type(node)

    def _is_hidden(self, node: TypeDefinitionNode) -> bool:
        return node.name.value.startswith(self.prefixes) or is_applied(node, self.inaccessible)

    def _is_public_directive(self, node: DirectiveDefinitionNode) -> bool:
        executable = any(location.value in EXECUTABLE for location in node.locations)
        return executable and not node.name.value.startswith(self.prefixes)

    def _type(self, node: TypeDefinitionNode) -> DefinitionNode:
        changes: dict[str, Any] = {"directives": _kept(node)}
        if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            changes["interfaces"] = self._named(node.interfaces)
            changes["fields"] = tuple(self._field(field) for field in self._accessible(node.fields))
        elif isinstance(node, InputObjectTypeDefinitionNode):
            changes["fields"] = self._plain(node.fields)
        elif isinstance(node, UnionTypeDefinitionNode):
            changes["types"] = self._named(node.types)
        elif hasattr(node, "values"):
            changes["values"] = self._plain(node.values)
        return replace(node, **changes)

    def _field(self, node: Any) -> Any:
        return replace(node, directives=_kept(node), arguments=self._plain(node.arguments))

    def _plain(self, nodes: Iterable[Any] | None) -> tuple[Any, ...]:
        return tuple(replace(node, directives=_kept(node)) for node in self._accessible(nodes))

    def _accessible(self, nodes: Iterable[Any] | None) -> list[Any]:
        return [node for node in nodes or () if not is_applied(node, self.inaccessible)]

    def _named(self, nodes: Iterable[Any] | None) -> tuple[Any, ...]:
        return tuple(node for node in nodes or () if node.name.value not in self.hidden)


def _kept(node: Any) -> tuple[Any, ...]:
    return tuple(d for d in node.directives or () if d.name.value in KEPT_DIRECTIVES)
