"""Taking out of what is asked whatever needs more than the caller brings."""

from typing import cast

from graphql import GraphQLCompositeType, OperationType, get_named_type

from router.authorization.needs import Needs
from router.planner.introspection import ASKED
from router.planner.nodes import QueryPlan
from router.planner.selections import TYPENAME, Field, Selections, implied_typename, merged
from router.planner.withholding import Parted, Withhold, withheld
from router.supergraph.model import Guard, Need


def withhold(needs: Needs, held: Need) -> Withhold:
    """Where of all guards only these hold."""
    return _Parting(needs, held).root


def guards_of(needs: Needs, plan: QueryPlan) -> Need:
    """All that has to hold for everything that is asked to be seen."""
    seeking = _Parting(needs, None)
    root = needs.schema.get_root_type(OperationType(plan.operation))
    assert root is not None
    seeking.root(root.name, plan.selections)
    return frozenset(seeking.met)


class _Parting:
    """Shared selections stay shared, as planning remembers what it found by their identity."""

    def __init__(self, needs: Needs, held: Need | None) -> None:
        self._needs, self._held = needs, held
        self.met: set[Guard] = set()
        self._parted: dict[tuple[str, int], tuple[Selections, Parted]] = {}

    def root(self, root: str, selections: Selections) -> Parted:
        return self._position(self._type(root), selections)

    def _position(self, type_: GraphQLCompositeType, selections: Selections) -> Parted:
        known = type_.name, id(selections)
        if known not in self._parted:
            self._parted[known] = selections, self._part(type_, selections)
        return self._parted[known][1]

    def _part(self, type_: GraphQLCompositeType, selections: Selections) -> Parted:
        parts = [self._field(type_, field) for field in selections]
        if not any(part.withheld for part in parts):
            return Parted(selections, selections)
        asked = self._unambiguous(type_, merged(field for part in parts for field in part.asked))
        return Parted(
            asked=asked,
            fetched=merged(field for part in parts for field in part.fetched),
            withheld=tuple(f for f in asked if f.is_withheld)
            + tuple(field for part in parts for field in part.withheld if not field.is_withheld),
        )

    def _field(self, type_: GraphQLCompositeType, field: Field) -> Parted:
        if field.is_implied or field.name in ASKED:
            return Parted((field,), (field,))
        parent = self._type(field.on) if field.on else type_
        if not self._holds(self._needs.of_field(parent, field.name)):
            return _withheld(field)
        if field.is_leaf:
            return Parted((field,), (field,))
        return self._children(parent, field)

    def _children(self, parent: GraphQLCompositeType, field: Field) -> Parted:
        definition = self._needs.schema.get_field(parent, field.name)
        result = get_named_type(definition.type)  # type: ignore[union-attr]  # the operation is valid
        below = self._position(cast(GraphQLCompositeType, result), field.children)
        if not below.withheld:
            return Parted((field,), (field,))
        return Parted(*((field.with_children(part),) for part in (below.asked, below.fetched, below.withheld)))

    def _holds(self, need: Need) -> bool:
        self.met |= need
        return self._held is None or need <= self._held

    def _type(self, name: str) -> GraphQLCompositeType:
        return cast(GraphQLCompositeType, self._needs.schema.type_map[name])

    def _unambiguous(self, type_: GraphQLCompositeType, asked: Selections) -> Selections:
        """What is withheld of all types alike may be seen of one that is asked for it by its name."""
        seen = {(field.on, field.response_key) for field in asked if field.on and not field.is_withheld}
        return tuple(part for field in asked for part in self._others(type_, field, seen))

    def _others(self, type_: GraphQLCompositeType, field: Field, seen: set[tuple[str, str]]) -> list[Field]:
        if not field.is_withheld or field.on or all(key != field.response_key for _, key in seen):
            return [field]
        possible = self._needs.schema.get_possible_types(type_)  # type: ignore[arg-type]  # what has fields of its types
        return [field.within(p.name) for p in possible if (p.name, field.response_key) not in seen]


def _withheld(field: Field) -> Parted:
    kept = (implied_typename(),) if field.key == TYPENAME else ()
    gone = withheld(field)
    return Parted((gone, *kept), kept, (gone,))
