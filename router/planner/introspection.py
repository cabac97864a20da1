"""The part of an operation that asks about the schema itself, as a document of its own."""

from collections.abc import Iterator
from dataclasses import replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

ASKED = ("__schema", "__type")


def introspection_of(document: DocumentNode, operation: OperationDefinitionNode) -> DocumentNode | None:
    """None if nothing of the kind is asked. Conditions around the fields are left to the shape of the response."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    fields = tuple(_root_fields(operation.selection_set, fragments))
    if not fields:
        return None
    asked = replace(operation, selection_set=SelectionSetNode(selections=fields), directives=())
    return DocumentNode(definitions=(asked, *fragments.values()))


def _root_fields(root: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    waiting, seen = [root], set[str]()
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode) and node.name.value in ASKED:
                yield replace(node, directives=())
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                waiting.append(fragments[node.name.value].selection_set)
