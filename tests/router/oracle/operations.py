"""Operations by chance over a schema, with their variables: valid, but that some variables and fragments go unused."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import (
    REMOVE,
    DocumentNode,
    FieldNode,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    NameNode,
    Node,
    OverlappingFieldsCanBeMergedRule,
    SelectionSetNode,
    Undefined,
    Visitor,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.router.oracle.twins import with_twin

MOST_LEVELS = 5
MOST_REPAIRS = 12
ALIASES = ["a", "b", "c", "id", "code", "meta"]


@dataclass(frozen=True)
class Operation:
    text: str
    variables: Mapping[str, Any] = field(default_factory=dict)


def draw(schema: GraphQLSchema, chance: random.Random) -> Operation:
    while True:
        writing = _Writing(schema, chance)
        document = parse(writing.document(), no_location=True)
        if writing.may(0.3):
            document = with_twin(schema, document, chance)
        document = _repaired(schema, document)
        if document:
            return Operation(print_ast(document), writing.given)


def _repaired(schema: GraphQLSchema, document: DocumentNode) -> DocumentNode | None:
    """Without the fields that clash with others; None where that does not help."""
    for _ in range(MOST_REPAIRS):
        errors = validate(schema, document, [OverlappingFieldsCanBeMergedRule], max_errors=1)
        if not errors:
            return document
        document = without(document, [node for node in errors[0].nodes or () if isinstance(node, FieldNode)][-1])
    return None


def without(document: DocumentNode, gone: Node) -> DocumentNode:
    """Where nothing is left of a selection set, it asks for the type."""
    changed: DocumentNode = visit(document, _Without(gone))
    return changed


class _Without(Visitor):
    def __init__(self, gone: Node) -> None:
        super().__init__()
        self.gone = gone

    def enter(self, node: Node, *_: Any) -> Any:
        return REMOVE if node is self.gone else None

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> Any:
        return None if node.selections else SelectionSetNode(selections=(FieldNode(name=NameNode(value="__typename")),))


class _Writing:
    def __init__(self, schema: GraphQLSchema, chance: random.Random) -> None:
        self.schema, self.chance = schema, chance
        self.declared: dict[str, str] = {}
        self.given: dict[str, Any] = {}
        self.fragments: dict[str, tuple[GraphQLNamedType, str]] = {}
        self.size = chance.choice([6, 12, 25, 50])

    def may(self, probability: float) -> bool:
        return self.chance.random() < probability

    def document(self) -> str:
        kind, root = "query", self.schema.query_type
        if self.schema.mutation_type and self.may(0.2):
            kind, root = "mutation", self.schema.mutation_type
        assert root
        body = self._selection_set(root, 0)
        variables = ", ".join(f"${name}: {type_}" for name, type_ in self.declared.items())
        head = f"{kind} Whole({variables})" if variables else f"{kind} Whole"
        fragments = [f"fragment {n} on {type_.name} {text}" for n, (type_, text) in self.fragments.items()]
        return "\n".join([f"{head} {body}", *fragments])

    def _selection_set(self, type_: GraphQLNamedType, level: int) -> str:
        found = [self._selection(type_, level) for _ in range(self.chance.randint(1, 5 if level < 3 else 3))]
        return f"{{ {' '.join(found)} }}"

    def _selection(self, type_: GraphQLNamedType, level: int) -> str:
        self.size -= 1
        fragments = 0.7 if is_abstract_type(type_) else 0.2
        if level < MOST_LEVELS + 2 and self.size > 0 and self.may(fragments):
            return self._fragment(type_, level)
        fields = self._fields(type_, level)
        if not fields or self.may(0.12):
            return f"{self._alias()}__typename{self._directives()}"
        name = self.chance.choice(list(fields))
        return self._field(name, fields[name], level)

    def _fields(self, type_: GraphQLNamedType, level: int) -> Mapping[str, GraphQLField]:
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            return {}
        deep = level >= MOST_LEVELS or self.size < 0
        return {n: f for n, f in type_.fields.items() if not deep or is_leaf_type(get_named_type(f.type))}

    def _field(self, name: str, definition: GraphQLField, level: int) -> str:
        named = get_named_type(definition.type)
        arguments = ", ".join(self._arguments(definition))
        below = f" {self._selection_set(named, level + 1)}" if is_composite_type(named) else ""
        return f"{self._alias()}{name}" + (f"({arguments})" if arguments else "") + f"{self._directives()}{below}"

    def _alias(self) -> str:
        return f"{self.chance.choice(ALIASES)}: " if self.may(0.2) else ""

    def _arguments(self, definition: GraphQLField) -> Iterator[str]:
        for name, argument in definition.args.items():
            if is_required_argument(argument) or self.may(0.6):
                yield f"{name}: {self._sent(argument)}"

    def _directives(self) -> str:
        found = [f" @{name}(if: {self._condition()})" for name in ("skip", "include") if self.may(0.06)]
        return "".join(found)

    def _condition(self) -> str:
        if self.may(0.3):
            return self.chance.choice(["true", "false"])
        name, type_ = self.chance.choice(
            [("yes", "Boolean!"), ("no", "Boolean!"), ("on", "Boolean! = true"), ("off", "Boolean = false")]
        )
        self.declared[name] = type_
        if name in ("yes", "no"):
            self.given[name] = name == "yes"
        elif name not in self.given and self.may(0.3):
            self.given[name] = self.may(0.5)
        return f"${name}"

    def _fragment(self, type_: GraphQLNamedType, level: int) -> str:
        directives = self._directives()
        if self.may(0.15):
            return f"...{directives} {self._selection_set(type_, level)}"
        on = self.chance.choice(self._overlapping(type_))
        if self.may(0.6):
            return f"... on {on.name}{directives} {self._selection_set(on, level + 1)}"
        return f"...{self._named_fragment(on, level)}{directives}"

    def _overlapping(self, type_: GraphQLNamedType) -> list[GraphQLNamedType]:
        own = self._possible(type_)
        composite = [t for t in self.schema.type_map.values() if is_composite_type(t) and not t.name.startswith("__")]
        return [t for t in composite if own & self._possible(t)]

    def _possible(self, type_: Any) -> set[str]:
        if isinstance(type_, GraphQLObjectType):
            return {type_.name}
        return {possible.name for possible in self.schema.get_possible_types(type_)}

    def _named_fragment(self, on: GraphQLNamedType, level: int) -> str:
        known = [name for name, (type_, _) in self.fragments.items() if type_ is on]
        if known and self.may(0.5):
            return self.chance.choice(known)
        text = self._selection_set(on, level + 1)
        name = f"F{len(self.fragments)}"
        self.fragments[name] = on, text
        return name

    def _sent(self, place: GraphQLArgument | GraphQLInputField) -> str:
        """A literal, or a variable that may stand there."""
        return self._variable(place) if self.may(0.4) else self._literal(place.type)

    def _variable(self, place: GraphQLArgument | GraphQLInputField) -> str:
        type_ = place.type
        optional = isinstance(type_, GraphQLNonNull) and place.default_value is not Undefined and self.may(0.3)
        declared: Any = type_.of_type if optional else type_
        if not isinstance(declared, GraphQLNonNull) and self.may(0.15):
            declared = GraphQLNonNull(declared)
        default = f" = {self._constant(declared)}" if self.may(0.3) else ""
        name = f"v{len(self.declared)}"
        self.declared[name] = f"{declared}{default}"
        required = isinstance(declared, GraphQLNonNull)
        if (required and not default) or self.may(0.6):
            self.given[name] = self._value(declared)
        return f"${name}"

    def _literal(self, type_: GraphQLInputType, level: int = 0) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, level)
        return "null" if self.may(0.1) else self._present(type_, level)

    def _present(self, type_: Any, level: int) -> str:
        if isinstance(type_, GraphQLList):
            if self.may(0.1) and not isinstance(type_.of_type, GraphQLNonNull | GraphQLList):
                return self._present(type_.of_type, level)
            return f"[{', '.join(self._literal(type_.of_type, level) for _ in range(self.chance.randint(0, 2)))}]"
        if isinstance(type_, GraphQLInputObjectType):
            return f"{{{', '.join(self._input_fields(type_, level))}}}"
        if isinstance(type_, GraphQLEnumType):
            return self.chance.choice(list(type_.values))
        return self.chance.choice(LITERALS[type_.name])

    def _input_fields(self, type_: GraphQLInputObjectType, level: int) -> Iterator[str]:
        for name, place in type_.fields.items():
            if is_required_input_field(place) or (level < 2 and self.may(0.4)):
                variable = level >= 0 and self.may(0.25)
                below = level + 1 if level >= 0 else level
                yield f"{name}: {self._variable(place) if variable else self._literal(place.type, below)}"

    def _constant(self, type_: GraphQLInputType) -> str:
        return self._literal(type_, -1)

    def _value(self, type_: Any, level: int = 0) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._present_value(type_.of_type, level)
        return None if self.may(0.15) else self._present_value(type_, level)

    def _present_value(self, type_: Any, level: int) -> Any:
        if isinstance(type_, GraphQLList):
            return [self._value(type_.of_type, level) for _ in range(self.chance.randint(0, 2))]
        if isinstance(type_, GraphQLInputObjectType):
            fields = type_.fields.items()
            return {n: self._value(p.type, level + 1) for n, p in fields if level < 2 and self.may(0.4)}
        if isinstance(type_, GraphQLEnumType):
            return self.chance.choice(list(type_.values))
        return self.chance.choice(VALUES[type_.name])


LITERALS = {
    "Int": ["0", "3", "-7"],
    "Float": ["1", "0.5"],
    "String": ['"s"', '"of \\"quotes\\""', '""'],
    "ID": ['"1"', "2"],
    "Boolean": ["true", "false"],
    "Blob": ["1", '"b"', "{a: [1, {b: null}]}", "[]", "K"],
}
VALUES: Mapping[str, list[Any]] = {
    "Int": [0, 3, -7],
    "Float": [1, 0.5],
    "String": ["s", 'of "quotes"', ""],
    "ID": ["1", 2],
    "Boolean": [True, False],
    "Blob": [1, "b", {"a": [1, {"b": None}]}, []],
}


def shown(variables: Mapping[str, Any]) -> str:
    return orjson.dumps(variables).decode()
