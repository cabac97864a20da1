"""How much a document asks for, found in one linear walk that remembers each fragment."""

from collections import Counter
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

from router.errors import asks_too_much, too_large
from router.limits.cost import HUGE, Cost, as_page_size, times
from router.limits.merges import fragments_of, refuse_merges
from router.settings import Limits

NESTING = 200
"""Frames of recursion at most: fragments may nest without a field between them."""

INTROSPECTION = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Measure:
    """What a selection asks for; introspection is counted apart."""

    depth: int = 0
    aliases: int = 0
    directives: int = 0
    deferred: int = 0
    introspection_depth: int = 0
    introspection_fields: int = 0
    cost: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def add(self, other: "Measure") -> None:
        self.depth = max(self.depth, other.depth)
        self.aliases += other.aliases
        self.directives += other.directives
        self.deferred += other.deferred
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.introspection_fields += other.introspection_fields
        self.cost.update(other.cost)

    def excess(self, limits: Limits) -> str | None:
        for name, value, limit in (
            ("levels deep", self.depth, limits.depth),
            ("aliases", self.aliases, limits.aliases),
            ("directives", self.directives, limits.directives),
            ("deferred parts", self.deferred, limits.deferred_parts),
            ("levels of introspection", self.introspection_depth, limits.introspection_depth),
            ("fields of introspection", self.introspection_fields, limits.introspection_fields),
        ):
            if value > limit:
                return _too_large(limit, name)
        return None


def _too_large(limit: int, name: str) -> str:
    return f"The operation is too large: more than {limit} {name}. Ask for less at a time."


class DocumentScale:
    """Weighs the operations of one document; every fragment once, whatever the number of its spreads."""

    def __init__(self, document: DocumentNode, schema: GraphQLSchema, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._fragments = fragments_of(document)
        self._measured: dict[str, Measure] = {}

    def weigh(self, operation: OperationDefinitionNode) -> Cost:
        """The cost of the operation as a polynomial in its page-size variables. Refuses what is too large."""
        root = self._schema.get_root_type(operation.operation)
        measure = self._selections(operation.selection_set, root, 0)
        measure.directives += len(operation.directives or ())
        self._refuse_excess(measure)
        refuse_merges(operation, self._fragments, self._limits.field_merges)
        return dict(measure.cost)

    def _selections(self, selections: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        if level > NESTING:
            raise too_large("The operation nests its fragments too deeply. Flatten them.")
        total = Measure()
        for selection in selections.selections:
            total.add(self._selection(selection, parent, level + 1))
            total.directives += len(selection.directives or ())
            total.deferred += sum(directive.name.value == "defer" for directive in selection.directives or ())
            if not is_leaf(selection):
                self._refuse_excess(total)
        self._refuse_excess(total)
        return total

    def _refuse_excess(self, measure: Measure) -> None:
        if message := measure.excess(self._limits):
            raise too_large(message)
        if measure.cost.total() > self._limits.cost:
            raise asks_too_much(_too_large(self._limits.cost, "points of cost"))

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        if isinstance(node, FieldNode):
            return self._field(node, parent, level)
        if isinstance(node, FragmentSpreadNode):
            return self._fragment(node.name.value, level)
        assert isinstance(node, InlineFragmentNode)
        condition = node.type_condition
        type_ = self._schema.get_type(condition.name.value) if condition else parent
        return self._selections(node.selection_set, type_, level)

    def _fragment(self, name: str, level: int) -> Measure:
        if name not in self._measured:
            # Stands for itself while it is being measured: a cycle, which validation reports, ends here.
            self._measured[name] = Measure()
            if fragment := self._fragments.get(name):
                type_ = self._schema.get_type(fragment.type_condition.name.value)
                measure = self._selections(fragment.selection_set, type_, level)
                measure.directives += len(fragment.directives or ())
                self._measured[name] = measure
        return self._measured[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        definition = self._definition(node, parent)
        below = Measure()
        if node.selection_set:
            type_ = get_named_type(definition.type) if definition else None
            below = self._selections(node.selection_set, type_, level)
        aliases = below.aliases + (node.alias is not None)
        own = Measure(aliases=aliases, directives=below.directives, deferred=below.deferred)
        if is_introspection(node, parent):
            own.introspection_depth = 1 + max(below.depth, below.introspection_depth)
            own.introspection_fields = 1 + below.introspection_fields + below.cost.total()
            return own
        own.depth = 1 + below.depth
        own.introspection_depth = below.introspection_depth
        own.introspection_fields = below.introspection_fields
        for size in self._page_sizes(node, definition):
            own.cost.update(times(below.cost, size))
        own.cost[()] += 1
        return own

    def _definition(self, node: FieldNode, parent: GraphQLNamedType | None) -> GraphQLField | None:
        return self._schema.get_field(parent, node.name.value) if is_composite_type(parent) else None

    def _page_sizes(self, node: FieldNode, definition: GraphQLField | None) -> list[int | str]:
        """The factors of what is below the field: numbers, or names of the variables that hold them.

        Who gives several sizes gets no more than all of them together; one that is null does not hide another.
        """
        given = [a.value for a in node.arguments or () if a.name.value in self._limits.page_size_arguments]
        sizes = [self._page_size(value) for value in given if not isinstance(value, NullValueNode)]
        return sizes or [self._limits.assumed_page_size if given else self._default_page_size(definition)]

    def _page_size(self, value: ValueNode) -> int | str:
        if isinstance(value, VariableNode):
            return value.name.value
        return as_page_size(value, self._limits.assumed_page_size)

    def _default_page_size(self, definition: GraphQLField | None) -> int:
        declared = definition.args if definition else {}
        paged = [declared[name] for name in self._limits.page_size_arguments if name in declared]
        if not paged:
            return 1
        defaults = (page_size_default(argument) for argument in paged)
        return next((size for size in defaults if size), self._limits.assumed_page_size)


def is_leaf(node: SelectionNode) -> bool:
    return isinstance(node, FieldNode) and node.selection_set is None


def is_introspection(node: FieldNode, parent: GraphQLNamedType | None) -> bool:
    return node.name.value in INTROSPECTION or (parent is not None and parent.name.startswith("__"))


def page_size_default(argument: GraphQLArgument) -> int | None:
    literal = argument.default.literal if argument.default else None
    return as_page_size(literal, HUGE) if isinstance(literal, IntValueNode) else None
