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
    """Validation compares each two fields that share a place in the answer: refuses to let it do so for long.

    Fragments that lead back to themselves have no end here; validation refuses them at once.
    """
    if lead_back(fragments):
        return
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


def lead_back(fragments: Mapping[str, FragmentDefinitionNode]) -> bool:
    """Whether any fragment spreads itself, by itself or through others."""
    waiting = {name: spreads_of(node.selection_set) & fragments.keys() for name, node in fragments.items()}
    while ended := [name for name, spreads in waiting.items() if not spreads & waiting.keys()]:
        for name in ended:
            del waiting[name]
    return bool(waiting)


def spreads_of(selections: SelectionSetNode) -> set[str]:
    found: set[str] = set()
    pending = [selections]
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                found.add(node.name.value)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                pending.append(node.selection_set)
    return found
