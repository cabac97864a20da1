"""Fields that share a place in the answer."""

from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from router.errors import too_large


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def refuse_merges(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode], limit: int
) -> None:
    """Validation compares each two fields that share a place in the answer: refuses to let it do so for long."""
    pairs = 0
    groups = [[operation.selection_set]]
    while groups:
        for nodes in by_response_name(groups.pop(), fragments):
            pairs += len(nodes) * (len(nodes) - 1) // 2
            if pairs > limit:
                raise too_large("The operation repeats the same fields too often. Name each once.")
            if below := [node.selection_set for node in nodes if node.selection_set]:
                groups.append(below)


def by_response_name(
    group: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterable[list[FieldNode]]:
    found: dict[str, list[FieldNode]] = {}
    for node in fields_of(group, fragments):
        found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
    return found.values()


def fields_of(
    group: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterator[FieldNode]:
    entered: set[str] = set()
    pending = list(group)
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in entered:
                entered.add(node.name.value)
                if fragment := fragments.get(node.name.value):
                    pending.append(fragment.selection_set)
