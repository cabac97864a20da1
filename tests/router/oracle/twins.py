"""The same objects asked for twice, so that a response key means one thing here and another there."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    NameNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    visit,
)

MOST_CHANGES = 2


def with_twin(schema: GraphQLSchema, document: DocumentNode, chance: random.Random) -> DocumentNode:
    """Beside some field the same once more, but that some keys within are those of other fields."""
    leaves = _Leaves(schema)
    visit(document, TypeInfoVisitor(leaves.types, leaves))
    places = [place for node in document.definitions for place in _composite(node.selection_set)]  # type: ignore[attr-defined]
    if not places:
        return document
    around, field = chance.choice(places)
    within = [node for node in _fields(field.selection_set) if leaves.others.get(id(node))]
    chosen = chance.sample(within, min(len(within), chance.randint(1, MOST_CHANGES)))
    changes = {id(node): chance.choice(leaves.others[id(node)]) for node in chosen}
    twin: FieldNode = replace(visit(field, _Changed(changes)), alias=NameNode(value="twin"))
    changed: DocumentNode = visit(document, _Beside(around, twin))
    return changed


class _Leaves(Visitor):
    """By each leaf, the others that may be asked for in its place."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self.types = TypeInfo(schema)
        self.others: dict[int, list[str]] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        type_ = self.types.get_parent_type()
        if not node.selection_set and isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            self.others[id(node)] = [
                name
                for name, field in type_.fields.items()
                if name != node.name.value
                and is_leaf_type(get_named_type(field.type))
                and not any(map(is_required_argument, field.args.values()))
            ]


class _Changed(Visitor):
    def __init__(self, changes: dict[int, str]) -> None:
        super().__init__()
        self.changes = changes

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        if id(node) not in self.changes:
            return None
        return replace(node, alias=node.alias or node.name, name=NameNode(value=self.changes[id(node)]), arguments=())


class _Beside(Visitor):
    def __init__(self, around: SelectionSetNode, added: FieldNode) -> None:
        super().__init__()
        self.around, self.added = around, added

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        return SelectionSetNode(selections=(*node.selections, self.added)) if node is self.around else None


def _composite(selections: SelectionSetNode | None) -> Iterator[tuple[SelectionSetNode, FieldNode]]:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode) and node.selection_set:
            assert selections
            yield selections, node
        yield from _composite(getattr(node, "selection_set", None))


def _fields(selections: SelectionSetNode | None) -> Iterator[FieldNode]:
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            yield node
        yield from _fields(getattr(node, "selection_set", None))
