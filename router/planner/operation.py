"""Picking the operation out of a document, and parting what subgraphs answer from what the router does itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    print_ast,
)

from router.planner.deferral import Blocks
from router.planner.errors import PlanningError
from router.planner.introspection import ASKED, introspection_of
from router.planner.naming import Naming
from router.planner.normalize import Normalizer
from router.planner.selections import TYPENAME, Selections


@dataclass(frozen=True, eq=False)
class Operation:
    """`selections` is all that is asked, `fetched` what of it subgraphs have to answer.

    `defaults` are those of Boolean variables, by which @skip and @include go.
    """

    kind: str
    root: str
    selections: Selections
    fetched: Selections
    declared: Mapping[str, str]
    defaults: Mapping[str, bool]
    introspection: DocumentNode | None


def read_operation(
    document: DocumentNode,
    operation_name: str | None,
    schema: GraphQLSchema,
    naming: Naming,
    guarded: frozenset[str],
    blocks: Blocks | None = None,
) -> Operation:
    node = _picked(document, operation_name)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    root = _root(schema, node)
    normalizer = Normalizer(schema, naming, fragments, guarded=guarded, blocks=blocks)
    selections = normalizer.selections(root, node.selection_set)
    return Operation(
        kind=node.operation.value,
        root=root.name,
        selections=selections,
        fetched=tuple(field for field in selections if field.name not in (TYPENAME, *ASKED)),
        declared=_declared(node),
        defaults=_defaults(node),
        introspection=introspection_of(document, node),
    )


def _picked(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    named = [d for d in found if name is None or (d.name and d.name.value == name)]
    if len(named) != 1:
        raise PlanningError(f"The document has no operation named {name}." if name else _which(len(found)))
    return named[0]


def _which(count: int) -> str:
    return "The document has no operation." if count == 0 else "The document has several operations: name one."


def _root(schema: GraphQLSchema, node: OperationDefinitionNode) -> GraphQLObjectType:
    root = schema.get_root_type(node.operation)
    if root is None:
        raise PlanningError(f"The schema has no {node.operation.value} type.")
    return root


def _declared(node: OperationDefinitionNode) -> dict[str, str]:
    return {
        definition.variable.name.value: print_ast(definition.type)
        + (f" = {print_ast(definition.default_value)}" if definition.default_value else "")
        for definition in node.variable_definitions or ()
    }


def _defaults(node: OperationDefinitionNode) -> dict[str, bool]:
    return {
        definition.variable.name.value: definition.default_value.value
        for definition in node.variable_definitions or ()
        if isinstance(definition.default_value, BooleanValueNode)
    }
