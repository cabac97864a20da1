"""The same objects asked for twice, so that a response key means one thing here and another there."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import DocumentNode, FieldNode, NameNode, SelectionNode, SelectionSetNode, Visitor, visit

KEYS = ("a", "b", "id")


def with_twin(document: DocumentNode, chance: random.Random) -> DocumentNode:
    """Beside some field the same once more; where two leaves stand together, each has the key of the other."""
    places = [place for node in document.definitions for place in _composite(node.selection_set)]  # type: ignore[attr-defined]
    if not places:
        return document
    around, field = chance.choice(places)
    twin = replace(_mixed(field, chance), alias=NameNode(value="twin"))
    changed: DocumentNode = visit(document, _Beside(around, twin))
    return changed


class _Beside(Visitor):
    def __init__(self, around: SelectionSetNode, added: SelectionNode) -> None:
        super().__init__()
        self.around, self.added = around, added

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        return SelectionSetNode(selections=(*node.selections, self.added)) if node is self.around else None


def _mixed(node: Any, chance: random.Random) -> Any:
    if not getattr(node, "selection_set", None):
        return node
    below = [_mixed(selection, chance) for selection in node.selection_set.selections]
    return replace(node, selection_set=SelectionSetNode(selections=tuple(_with_other_keys(below, chance))))


def _with_other_keys(nodes: list[Any], chance: random.Random) -> list[Any]:
    places = [place for place, node in enumerate(nodes) if isinstance(node, FieldNode) and not node.selection_set]
    if len(places) > 1:
        one, other = chance.sample(places, 2)
        left, right = _key(nodes[one]), _key(nodes[other])
        nodes[one], nodes[other] = replace(nodes[one], alias=right), replace(nodes[other], alias=left)
    elif places:
        nodes[places[0]] = replace(nodes[places[0]], alias=NameNode(value=chance.choice(KEYS)))
    return nodes


def _key(node: FieldNode) -> NameNode:
    return node.alias or node.name


def _composite(selections: SelectionSetNode | None) -> Iterator[tuple[SelectionSetNode, FieldNode]]:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode) and node.selection_set:
            assert selections
            yield selections, node
        yield from _composite(getattr(node, "selection_set", None))
