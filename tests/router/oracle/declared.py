"""What subgraphs declare, read from their SDL: who has which key, who resolves which field, and given what."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    FieldNode,
    NonNullTypeNode,
    SelectionSetNode,
    TypeNode,
    parse,
    print_ast,
    value_from_ast_untyped,
)

Kind = Literal["object", "interface", "union"]
KINDS: Mapping[str, Kind] = {
    "object_type_definition": "object",
    "interface_type_definition": "interface",
    "union_type_definition": "union",
}


@dataclass(frozen=True)
class DeclaredField:
    type: TypeNode
    external: bool
    requires: SelectionSetNode | None
    provides: SelectionSetNode | None
    overrides: str | None
    label: str | None

    @property
    def named(self) -> str:
        return print_ast(self.type).strip("[]!")


@dataclass(frozen=True)
class DeclaredType:
    """`keys` are those by which it is found here, `named_by` all that it has."""

    name: str
    kind: Kind
    keys: tuple[SelectionSetNode, ...] = ()
    named_by: tuple[SelectionSetNode, ...] = ()
    interface_object: bool = False
    interfaces: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    fields: Mapping[str, DeclaredField] = field(default_factory=dict)


class Declared:
    """One subgraph."""

    def __init__(self, sdl: str) -> None:
        self.document: DocumentNode = parse(sdl, no_location=True)
        self.types = {t.name: t for node in self.document.definitions if (t := _type(node))}
        enums = (node for node in self.document.definitions if isinstance(node, EnumTypeDefinitionNode))
        self.enums = {node.name.value: {value.name.value for value in node.values or ()} for node in enums}

    def possible(self, name: str) -> set[str] | None:
        """The object types that a position of this type can have here; None where only another subgraph knows."""
        known = self.types.get(name)
        if known is None:
            return set()
        if known.interface_object:
            return None
        if known.kind == "object":
            return {name}
        if known.kind == "union":
            return set(known.members)
        return {t.name for t in self.types.values() if t.kind == "object" and name in t.interfaces}


class Federation:
    """All subgraphs, and what they have in common; `labels` are the overrides that hold, of those that have one."""

    def __init__(self, sdls: Mapping[str, str], labels: frozenset[str] = frozenset()) -> None:
        self.labels = labels
        self.subgraphs = {name: Declared(sdl) for name, sdl in sdls.items()}

    def declarations(self, type_name: str, name: str) -> Iterator[tuple[str, DeclaredField]]:
        for subgraph, declared in self.subgraphs.items():
            known = declared.types.get(type_name)
            if known and name in known.fields:
                yield subgraph, known.fields[name]

    def is_pending(self, declared: DeclaredField) -> bool:
        """Whether it is to take a field over, and has not yet."""
        return declared.label is not None and declared.label not in self.labels

    def home(self, type_name: str, name: str) -> str:
        """The type that says what the field is: an interface, where one subgraph has it as an object."""
        for interface in self.as_objects:
            if type_name in self.implementations(interface) and any(self.declarations(interface, name)):
                return interface
        return type_name

    def implementations(self, interface: str) -> list[str]:
        found = {n for d in self.subgraphs.values() if interface in d.types for n in d.possible(interface) or ()}
        return sorted(found)

    @cached_property
    def as_objects(self) -> set[str]:
        return {t.name for d in self.subgraphs.values() for t in d.types.values() if t.interface_object}

    @cached_property
    def entities(self) -> set[str]:
        return {t.name for d in self.subgraphs.values() for t in d.types.values() if t.keys and t.kind == "object"}

    @cached_property
    def calm(self) -> set[tuple[str, str]]:
        """Fields that are never null and never fail, unless they are declared so that a null is no harm."""
        return {pair for d in self.subgraphs.values() for t in d.types.values() for pair in self._sent(t)}

    @cached_property
    def keyed(self) -> set[tuple[str, str]]:
        types = [t for d in self.subgraphs.values() for t in d.types.values()]
        return {pair for t in types for key in t.named_by for pair in self.within(t.name, key)}

    def sends(self, name: str | None) -> bool:
        """Whether some field of this name is sent to other subgraphs."""
        return any(name == sent for _, sent in self.calm | self.keyed)

    def _sent(self, type_: DeclaredType) -> Iterator[tuple[str, str]]:
        for declared in type_.fields.values():
            if declared.requires:
                yield from self.within(type_.name, declared.requires)

    def needed(self, type_name: str, name: str) -> set[str]:
        """The fields of the same object that the field requires, be it through others."""
        declared = [d for at in {type_name, self.home(type_name, name)} for _, d in self.declarations(at, name)]
        direct = {needed for d in declared if d.requires for needed in names_in(d.requires)}
        return direct.union(*(self.needed(type_name, other) for other in direct))

    def within(self, type_name: str, selection_set: SelectionSetNode) -> Iterator[tuple[str, str]]:
        """The fields of a field set, each with the type it is asked of and all types that may stand there."""
        for node in selection_set.selections:
            if not isinstance(node, FieldNode):
                condition = getattr(node, "type_condition", None)
                yield from self.within(condition.name.value if condition else type_name, node.selection_set)
                continue
            for name in {type_name, *self.implementations(type_name)}:
                yield name, node.name.value
                yield self.home(name, node.name.value), node.name.value
            if node.selection_set:
                below = next(d.named for _, d in self.declarations(type_name, node.name.value))
                yield from self.within(below, node.selection_set)


def names_in(selection_set: SelectionSetNode) -> Iterator[str]:
    for node in selection_set.selections:
        if isinstance(node, FieldNode):
            yield node.name.value
        else:
            yield from names_in(node.selection_set)  # type: ignore[attr-defined]


def strictest(types: list[TypeNode]) -> TypeNode:
    return max(types, key=lambda t: print_ast(t).count("!"))


def is_required(type_: TypeNode) -> bool:
    return isinstance(type_, NonNullTypeNode)


def _type(node: Any) -> DeclaredType | None:
    kind = KINDS.get(node.kind.replace("_extension", "_definition"))
    if kind is None:
        return None
    applied = list(_applied(node))
    return DeclaredType(
        name=node.name.value,
        kind=kind,
        keys=tuple(field_set(a["fields"]) for name, a in applied if name == "key" and a.get("resolvable", True)),
        named_by=tuple(field_set(a["fields"]) for name, a in applied if name == "key"),
        interface_object=any(name == "interfaceObject" for name, _ in applied),
        interfaces=tuple(i.name.value for i in getattr(node, "interfaces", None) or ()),
        members=tuple(m.name.value for m in getattr(node, "types", None) or ()),
        fields={f.name.value: _field(f) for f in getattr(node, "fields", None) or ()},
    )


def _field(node: FieldDefinitionNode) -> DeclaredField:
    applied = dict(_applied(node))
    requires, provides = (applied.get(name, {}).get("fields") for name in ("requires", "provides"))
    return DeclaredField(
        type=node.type,
        external="external" in applied,
        requires=field_set(requires) if requires else None,
        provides=field_set(provides) if provides else None,
        overrides=applied.get("override", {}).get("from"),
        label=applied.get("override", {}).get("label"),
    )


def _applied(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for directive in node.directives or ():
        yield directive.name.value, _arguments(directive)


def _arguments(directive: DirectiveNode) -> dict[str, Any]:
    return {a.name.value: value_from_ast_untyped(a.value) for a in directive.arguments or ()}


def field_set(text: str) -> SelectionSetNode:
    selections: SelectionSetNode = parse(f"{{{text}}}", no_location=True).definitions[0].selection_set  # type: ignore[attr-defined]
    return selections
