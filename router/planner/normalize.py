"""From a selection set of the query language to `Selections`.

Fragments are opened, abstract conditions become object types, constant skips vanish, equal fields merge, and
`__typename` joins wherever the data's type decides what counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    print_ast,
)

from router.planner.conditions import ALWAYS, NEVER, Condition, both, either, variable
from router.planner.errors import PlanningError
from router.planner.naming import Naming
from router.planner.refinements import needs_own_types
from router.planner.selections import Field, Selections, implied_typename, merged

MOST_LEVELS = 80
NO_VARIABLES: frozenset[str] = frozenset()
Occurrence = tuple[Condition, SelectionSetNode]


@dataclass
class _Drafted:
    """One field of one position, and each place in the document where it is asked for."""

    node: FieldNode
    condition: Condition = NEVER
    occurrences: list[Occurrence] = field(default_factory=list)


class Normalizer:
    """With `typed`, every abstract position asks for `__typename`, as what is sent to a subgraph needs it.

    So do positions of an abstract type in `guarded`, as it has object types that clients must not see, those where
    an object's own type says what a null does, and all unions, of which nothing else tells that an object is there.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        naming: Naming,
        fragments: Mapping[str, FragmentDefinitionNode] | None = None,
        *,
        typed: bool = False,
        guarded: frozenset[str] = frozenset(),
    ) -> None:
        self.guarded = guarded
        self.schema, self.naming, self.fragments, self.typed = schema, naming, fragments or {}, typed
        self._known: dict[tuple[object, ...], tuple[list[Occurrence], Selections]] = {}

    def selections(self, type_: GraphQLCompositeType, selection_set: SelectionSetNode) -> Selections:
        return self._position(type_, [(ALWAYS, selection_set)], 0)

    def _position(self, type_: GraphQLCompositeType, occurrences: list[Occurrence], level: int) -> Selections:
        if level > MOST_LEVELS:
            raise PlanningError(f"The operation is nested more than {MOST_LEVELS} levels deep.")
        known = (type_.name, *((condition, id(node)) for condition, node in occurrences))
        if known not in self._known:
            self._known[known] = occurrences, self._collected(type_, occurrences, level)
        return self._known[known][1]

    def _collected(self, type_: GraphQLCompositeType, occurrences: list[Occurrence], level: int) -> Selections:
        collector = _Collector(self.schema, self.fragments)
        for condition, node in occurrences:
            collector.collect(type_, None, node.selections, condition)
        fields = tuple(self._field(type_, on, drafted, level) for (on, _), drafted in collector.found.items())
        conditional = self.typed or type_.name in self.guarded or any(found.on is not None for found in fields)
        conditional = conditional or isinstance(type_, GraphQLUnionType) or needs_own_types(self.schema, type_, fields)
        return merged([*fields, implied_typename()] if conditional and is_abstract_type(type_) else fields)

    def _field(self, type_: GraphQLCompositeType, on: str | None, drafted: _Drafted, level: int) -> Field:
        parent = cast(GraphQLCompositeType, self.schema.type_map[on]) if on else type_
        node, name = drafted.node, drafted.node.name.value
        response_key = node.alias.value if node.alias else name
        arguments = printed_arguments(node)
        result = self._result_type(parent, name)
        return Field(
            on=on,
            key=self.naming.key(response_key, name, arguments),
            response_key=response_key,
            name=name,
            arguments=arguments,
            variables=variables_in(node),
            condition=drafted.condition,
            children=self._position(result, self._narrowed(drafted), level + 1) if result else (),
            is_leaf=result is None,
        )

    def _result_type(self, parent: GraphQLCompositeType, name: str) -> GraphQLCompositeType | None:
        definition = self.schema.get_field(parent, name)
        if definition is None:
            raise PlanningError(f"{parent.name} has no field {name}.")
        named = get_named_type(definition.type)
        composite = is_composite_type(named) and not name.startswith("__")
        return cast(GraphQLCompositeType, named) if composite else None

    def _narrowed(self, drafted: _Drafted) -> list[Occurrence]:
        whole = drafted.condition
        return [(ALWAYS if c == whole else c, node) for c, node in drafted.occurrences]


class _Collector:
    """Gathers the fields of one position, whatever fragments they stand in."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.schema, self.fragments = schema, fragments
        self.found: dict[tuple[str | None, str], _Drafted] = {}
        self._visited: set[tuple[str, str | None, str, Condition]] = set()

    def collect(
        self, type_: GraphQLCompositeType, on: str | None, nodes: Iterable[SelectionNode], outer: Condition
    ) -> None:
        for node in nodes:
            condition = both(outer, condition_of(node))
            if condition == NEVER:
                continue
            if isinstance(node, FieldNode):
                self._add(on, node, condition)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else type_.name
                self._open(type_, on, name, node.selection_set, condition)
            elif isinstance(node, FragmentSpreadNode):
                self._spread(type_, on, node.name.value, condition)

    def _add(self, on: str | None, node: FieldNode, condition: Condition) -> None:
        key = node.alias.value if node.alias else node.name.value
        drafted = self.found.setdefault((on, key), _Drafted(node))
        drafted.condition = either(drafted.condition, condition)
        if node.selection_set:
            drafted.occurrences.append((condition, node.selection_set))

    def _spread(self, type_: GraphQLCompositeType, on: str | None, name: str, condition: Condition) -> None:
        visit = (name, on, type_.name, condition)
        if visit not in self._visited:
            self._visited.add(visit)
            fragment = self.fragments[name]
            self._open(type_, on, fragment.type_condition.name.value, fragment.selection_set, condition)

    def _open(
        self, type_: GraphQLCompositeType, on: str | None, name: str, selection_set: SelectionSetNode, when: Condition
    ) -> None:
        wanted = cast(GraphQLCompositeType, self.schema.type_map[name])
        if self._covers(wanted, type_):
            self.collect(type_, on, selection_set.selections, when)
            return
        allowed = {possible.name for possible in self._possible(wanted)}
        for possible in self._possible(type_):
            if possible.name in allowed:
                self.collect(possible, possible.name, selection_set.selections, when)

    def _covers(self, wanted: GraphQLCompositeType, type_: GraphQLCompositeType) -> bool:
        """Whether a fragment on `wanted` can be read as if it stood on `type_`."""
        if wanted is type_:
            return True
        if isinstance(type_, GraphQLObjectType):
            return is_abstract_type(wanted) and self.schema.is_sub_type(wanted, type_)
        return isinstance(type_, GraphQLInterfaceType) and wanted in type_.interfaces

    def _possible(self, type_: GraphQLCompositeType) -> tuple[GraphQLObjectType, ...]:
        return (type_,) if isinstance(type_, GraphQLObjectType) else tuple(self.schema.get_possible_types(type_))


def condition_of(node: SelectionNode) -> Condition:
    condition = ALWAYS
    for directive in node.directives or ():
        if directive.name.value in ("skip", "include"):
            value = next(a.value for a in directive.arguments or () if a.name.value == "if")
            condition = both(condition, _condition_by(value, directive.name.value == "include"))
    return condition


def _condition_by(value: object, wanted: bool) -> Condition:
    if isinstance(value, VariableNode):
        return variable(value.name.value, wanted)
    return ALWAYS if isinstance(value, BooleanValueNode) and value.value is wanted else NEVER


def printed_arguments(node: FieldNode) -> str:
    """`(first: 3, of: $id)`, in the order of their names, so that equal fields are written alike."""
    if not node.arguments:
        return ""
    return f"({', '.join(sorted(print_ast(argument) for argument in node.arguments))})"


def variables_in(node: FieldNode) -> frozenset[str]:
    if not node.arguments:
        return NO_VARIABLES
    found: set[str] = set()
    waiting: list[object] = [argument.value for argument in node.arguments or ()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, VariableNode):
            found.add(value.name.value)
        waiting.extend(getattr(value, "values", None) or ())
        waiting.extend(item.value for item in getattr(value, "fields", None) or ())
    return frozenset(found) if found else NO_VARIABLES
