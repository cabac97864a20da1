"""What a part of an operation makes of a value, known before there is one: where all of it is attributes.

graphql-core takes each field through resolve info, resolver, awaiting and completion, for each value anew. Fields
without a resolver need none of that, nor do objects and lists of them. A shape is made once for an operation that is
kept. Whatever is unusual (a null where none may be, a value that does not fit) is `LONG_WAY`: graphql-core, which is
then asked instead, knows what to say.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLID,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    GraphQLType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import get_object_definition

LONG_WAY: Any = object()

_TYPENAME = "__typename"
_AS_IS: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


class Shape(Protocol):
    def value_of(self, value: Any) -> Any:
        """The value as the response has it, or `LONG_WAY`."""


@dataclass(frozen=True, slots=True)
class Leaf:
    type: Any

    def value_of(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            written = self.type.coerce_output_value(value)
        except Exception:
            return LONG_WAY
        return LONG_WAY if written is None or written is Undefined else written


@dataclass(frozen=True, slots=True)
class Required:
    inner: Shape

    def value_of(self, value: Any) -> Any:
        written = self.inner.value_of(value)
        return LONG_WAY if written is None else written


@dataclass(frozen=True, slots=True)
class Listed:
    item: Shape

    def value_of(self, value: Any) -> Any:
        if value is None:
            return None
        if type(value) is not list:
            return LONG_WAY
        item = self.item.value_of
        written = [item(each) for each in value]
        return LONG_WAY if LONG_WAY in written else written


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field without a resolver. `as_is`: the class of values that need not be written anew."""

    name: str
    as_is: type | None
    shape: Shape

    def value_of(self, source: Any) -> Any:
        value = getattr(source, self.name, None)
        return value if type(value) is self.as_is else self.shape.value_of(value)


@dataclass(frozen=True, slots=True)
class Constant:
    value: str

    def value_of(self, source: Any) -> Any:
        return self.value


Field = Attribute | Constant


@dataclass(frozen=True, slots=True)
class Object:
    fields: tuple[tuple[str, Field], ...]
    _classes: dict[type, bool] = field(default_factory=dict)

    def value_of(self, value: Any) -> Any:
        if value is None:
            return None
        if not self._is_plain(value):
            return LONG_WAY
        written = {}
        for name, part in self.fields:
            found = part.value_of(value)
            if found is LONG_WAY:
                return LONG_WAY
            written[name] = found
        return written

    def _is_plain(self, value: Any) -> bool:
        known = self._classes.get(type(value))
        if known is None:
            known = not isinstance(value, Exception) and not isawaitable(value)
            self._classes[type(value)] = known
        return known


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of an abstract type: shaped by its class."""

    shapes: Mapping[type, Shape]

    def value_of(self, value: Any) -> Any:
        if value is None:
            return None
        shape = self.shapes.get(type(value))
        return LONG_WAY if shape is None else shape.value_of(value)


class Shapes:
    """Those of one document. What no shape can be told of has None."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._fields: dict[Any, Field | None] = {}
        self._values: dict[Any, Shape | None] = {}

    def of_field(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Field | None:
        """`nodes` stand in the document, under one name."""
        key = parent, *map(id, nodes)
        if key not in self._fields:
            self._fields[key] = self._field(parent, nodes)
        return self._fields[key]

    def of_value(self, type_: GraphQLType, nodes: Sequence[FieldNode]) -> Shape | None:
        key = type_, *map(id, nodes)
        if key not in self._values:
            self._values[key] = self._value(type_, nodes)
        return self._values[key]

    def _field(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Field | None:
        name = nodes[0].name.value
        if name == _TYPENAME:
            return Constant(parent.name)
        known = parent.fields.get(name)
        definition = known and known.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if known is None or definition is None or not definition.is_basic_field or known.args:
            return None
        shape = self._value(known.type, nodes)
        if shape is None:
            return None
        return Attribute(definition.python_name, _AS_IS.get(get_nullable_type(known.type)), shape)

    def _value(self, type_: GraphQLType, nodes: Sequence[FieldNode]) -> Shape | None:
        if isinstance(type_, GraphQLNonNull):
            inner = self._value(type_.of_type, nodes)
            return None if inner is None else Required(inner)
        if isinstance(type_, GraphQLList):
            item = self._value(type_.of_type, nodes)
            return None if item is None else Listed(item)
        if is_leaf_type(type_):
            return Leaf(type_)
        if isinstance(type_, GraphQLObjectType):
            return self._object(type_, nodes)
        return self._one_of(type_, nodes) if is_abstract_type(type_) else None

    def _object(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Shape | None:
        selected = self._selected(type_, nodes)
        if selected is None or type_.is_type_of is not None:
            return None
        fields = [(name, self._field(type_, found)) for name, found in selected.items()]
        known = tuple((name, part) for name, part in fields if part is not None)
        return Object(known) if len(known) == len(fields) else None

    def _one_of(self, type_: GraphQLAbstractType, nodes: Sequence[FieldNode]) -> Shape | None:
        shapes = {
            _class_of(possible): self._object(possible, nodes) for possible in self._schema.get_possible_types(type_)
        }
        known = {origin: shape for origin, shape in shapes.items() if origin is not None and shape is not None}
        return OneOf(known) if known else None

    def _selected(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> dict[str, list[FieldNode]] | None:
        """By response name; None where only an execution can tell."""
        found: dict[str, list[FieldNode]] = defaultdict(list)
        for selection in self._selections(type_, [node.selection_set for node in nodes]):
            if not isinstance(selection, FieldNode):
                return None
            found[(selection.alias or selection.name).value].append(selection)
        return found

    def _selections(
        self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode | None]
    ) -> Iterator[SelectionNode | None]:
        """Fields, those of fragments that fit included; None for what has a directive or is a fragment elsewhere."""
        for each in sets:
            for selection in each.selections if each else ():
                if selection.directives or not isinstance(selection, FieldNode | InlineFragmentNode):
                    yield None
                elif isinstance(selection, FieldNode):
                    yield selection
                elif self._fits(type_, selection):
                    yield from self._selections(type_, [selection.selection_set])

    def _fits(self, type_: GraphQLObjectType, fragment: InlineFragmentNode) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self._schema.get_type(fragment.type_condition.name.value)
        return condition is type_ or (is_abstract_type(condition) and self._schema.is_sub_type(condition, type_))


def _class_of(type_: GraphQLObjectType) -> type | None:
    """The class whose instances are of this type and no other."""
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    origin: type | None = getattr(definition, "origin", None)
    return origin if origin is not None and get_object_definition(origin) is definition else None
