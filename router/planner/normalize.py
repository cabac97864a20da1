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
from router.planner.deferral import PRIMARY, Blocks, enable
from router.planner.errors import PlanningError
from router.planner.naming import Naming
from router.planner.nodes import Place, PlaceStep
from router.planner.refinements import needs_own_types
from router.planner.selections import ANY, TYPENAME, UNASKED, Field, Selections, Turn, implied_typename, merged

MOST_LEVELS = 80
MOST_POSITIONS = 10_000
NO_VARIABLES: frozenset[str] = frozenset()
Occurrence = tuple[Condition, int, SelectionSetNode]
"""When a selection set counts, in which deferred block it stands, and the set."""


@dataclass
class _Drafted:
    """One field of one position, and each place in the document where it is asked for."""

    node: FieldNode
    condition: Condition = NEVER
    occurrences: list[Occurrence] = field(default_factory=list)
    asked: dict[int, tuple[int, Condition]] = field(default_factory=dict)
    turns: list[tuple[Turn, Condition]] = field(default_factory=list)

    def stands(self, turn: Turn, condition: Condition) -> None:
        """What stands after a place that always counts decides nothing, but for what is below."""
        if self.node.selection_set or not self.turns or self.turns[-1][1] != ALWAYS:
            self.turns.append((turn, condition))


class Normalizer:
    """With `blocks`, it keeps apart what is deferred; without, @defer is not looked at.

    With `typed`, every abstract position asks for `__typename`, as what is sent to a subgraph needs it.

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
        blocks: Blocks | None = None,
    ) -> None:
        self.guarded, self.blocks = guarded, blocks
        self.schema, self.naming, self.fragments, self.typed = schema, naming, fragments or {}, typed
        self._known: dict[tuple[object, ...], tuple[list[Occurrence], Selections]] = {}

    def selections(self, type_: GraphQLCompositeType, selection_set: SelectionSetNode) -> Selections:
        return self._position(type_, [(ALWAYS, PRIMARY, selection_set)], (), ANY if self.typed else PRIMARY)

    def _position(
        self, type_: GraphQLCompositeType, occurrences: list[Occurrence], place: Place, block: int
    ) -> Selections:
        """`block` fetches the objects that stand there."""
        if len(place) > MOST_LEVELS:
            raise PlanningError(f"The operation is nested more than {MOST_LEVELS} levels deep.")
        known: tuple[object, ...] = (type_.name, *((condition, id(node)) for condition, _, node in occurrences))
        known = (*known, place) if self.blocks else known
        if known not in self._known:
            self._refuse_many()
            self._known[known] = occurrences, self._collected(type_, occurrences, place, block)
        return self._known[known][1]

    def _refuse_many(self) -> None:
        if self.blocks and len(self._known) > MOST_POSITIONS:
            raise PlanningError(f"An operation that defers has more than {MOST_POSITIONS} positions.")

    def _collected(
        self, type_: GraphQLCompositeType, occurrences: list[Occurrence], place: Place, block: int
    ) -> Selections:
        collector = _Collector(self.schema, self.fragments, type_, place, self.blocks)
        for number, (condition, own, node) in enumerate(occurrences):
            collector.occurrence = number
            collector.collect(type_, None, node.selections, condition, own)
        if self.blocks:
            collector.share(self.blocks)
        fields = tuple(self._field(type_, on, drafted, place, block) for (on, _), drafted in collector.found.items())
        conditional = self.typed or type_.name in self.guarded or any(found.on is not None for found in fields)
        conditional = conditional or isinstance(type_, GraphQLUnionType) or needs_own_types(self.schema, type_, fields)
        return merged([*fields, implied_typename(block)] if conditional and is_abstract_type(type_) else fields)

    def _field(self, type_: GraphQLCompositeType, on: str | None, drafted: _Drafted, place: Place, held: int) -> Field:
        parent = cast(GraphQLCompositeType, self.schema.type_map[on]) if on else type_
        node, name = drafted.node, drafted.node.name.value
        response_key = node.alias.value if node.alias else name
        arguments = printed_arguments(node)
        result = self._result_type(parent, name)
        key = self.naming.key(response_key, name, arguments)
        block = self._fetching(drafted, held)
        below = (*place, PlaceStep(on, key, response_key))
        return Field(
            on=on,
            key=key,
            response_key=response_key,
            name=name,
            arguments=arguments,
            variables=variables_in(node),
            condition=drafted.condition,
            children=self._position(result, self._narrowed(drafted), below, block) if result else (),
            is_leaf=result is None,
            block=block,
            asked=drafted.asked if self.blocks else UNASKED,
            turns=tuple(drafted.turns),
        )

    def _fetching(self, drafted: _Drafted, held: int) -> int:
        """Whatever fetches an object can say its type; a field is fetched by the first block that asks for it."""
        if self.blocks is None or drafted.node.name.value == TYPENAME:
            return held
        return self.blocks.fetching(drafted.asked)

    def _result_type(self, parent: GraphQLCompositeType, name: str) -> GraphQLCompositeType | None:
        definition = self.schema.get_field(parent, name)
        if definition is None:
            raise PlanningError(f"{parent.name} has no field {name}.")
        named = get_named_type(definition.type)
        composite = is_composite_type(named) and not name.startswith("__")
        return cast(GraphQLCompositeType, named) if composite else None

    def _narrowed(self, drafted: _Drafted) -> list[Occurrence]:
        whole = drafted.condition
        return [(ALWAYS if c == whole else c, block, node) for c, block, node in drafted.occurrences]


class _Collector:
    """Gathers the fields of one position, whatever fragments they stand in."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        type_: GraphQLCompositeType,
        place: Place,
        blocks: Blocks | None,
    ) -> None:
        self.schema, self.fragments, self.type, self.place, self.blocks = schema, fragments, type_, place, blocks
        self.found: dict[tuple[str | None, str], _Drafted] = {}
        self.occurrence = self._turns = 0
        self._visited: set[tuple[str, str | None, str, Condition, int]] = set()

    def collect(
        self, type_: GraphQLCompositeType, on: str | None, nodes: Iterable[SelectionNode], outer: Condition, block: int
    ) -> None:
        for node in nodes:
            condition = both(outer, condition_of(node))
            if condition == NEVER:
                continue
            if isinstance(node, FieldNode):
                self._add(on, node, condition, block)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition else type_.name
                inner = self._block(node, type_, on, name, condition, block)
                self._open(type_, on, name, node.selection_set, condition, inner)
            elif isinstance(node, FragmentSpreadNode):
                self._spread(type_, on, node, condition, block)

    def share(self, blocks: Blocks) -> None:
        meanings: dict[str, list[Iterable[int]]] = {}
        for (_, key), drafted in self.found.items():
            meanings.setdefault(key, []).append(drafted.asked)
        for asked in meanings.values():
            blocks.shares(asked)

    def _add(self, on: str | None, node: FieldNode, condition: Condition, block: int) -> None:
        key = node.alias.value if node.alias else node.name.value
        drafted = self.found.setdefault((on, key), _Drafted(node))
        drafted.condition = either(drafted.condition, condition)
        self._turns += 1
        if not self.blocks:
            drafted.stands((self.occurrence, self._turns), condition)
        else:
            turn, known = drafted.asked.get(block, (self._turns, NEVER))
            drafted.asked[block] = turn, either(known, condition)
        if node.selection_set:
            drafted.occurrences.append((condition, block, node.selection_set))

    def _spread(
        self, type_: GraphQLCompositeType, on: str | None, node: FragmentSpreadNode, condition: Condition, block: int
    ) -> None:
        fragment = self.fragments[node.name.value]
        name = fragment.type_condition.name.value
        inner = self._block(node, type_, on, name, condition, block)
        visit = (fragment.name.value, on, type_.name, condition, inner)
        if visit not in self._visited:
            self._visited.add(visit)
            self._open(type_, on, name, fragment.selection_set, condition, inner)

    def _block(
        self, node: SelectionNode, type_: GraphQLCompositeType, on: str | None, name: str, when: Condition, outer: int
    ) -> int:
        """The block in which the fragment's fields stand."""
        block = self.blocks.enter(node, outer, self.place, self.type.name) if self.blocks else None
        if block is None:
            return outer
        wanted = cast(GraphQLCompositeType, self.schema.type_map[name])
        enable(block, (t for _, t in self._readings(wanted, type_, on)), when)
        return block.number

    def _open(
        self,
        type_: GraphQLCompositeType,
        on: str | None,
        name: str,
        selection_set: SelectionSetNode,
        when: Condition,
        block: int,
    ) -> None:
        wanted = cast(GraphQLCompositeType, self.schema.type_map[name])
        for read_as, only in self._readings(wanted, type_, on):
            self.collect(read_as, only, selection_set.selections, when, block)

    def _readings(
        self, wanted: GraphQLCompositeType, type_: GraphQLCompositeType, on: str | None
    ) -> list[tuple[GraphQLCompositeType, str | None]]:
        """As what a fragment on `wanted` counts at `type_`: each object type alone, unless it counts for all."""
        if self._covers(wanted, type_):
            return [(type_, on)]
        allowed = {possible.name for possible in self._possible(wanted)}
        return [(possible, possible.name) for possible in self._possible(type_) if possible.name in allowed]

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
