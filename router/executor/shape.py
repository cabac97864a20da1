"""The client's response, as closures made once for a plan: order, names, types, and nulls that propagate.

A completer takes a value of the data and gives the client's; a shaper is one for objects: it gives None for what is
no object, and where a null propagates out of it. Thousands of them are kept, so they hold little.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple, TypeGuard

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedOutputType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
)

from router.executor.generated import Entry, object_reader
from router.executor.locate import Object
from router.executor.run import Run
from router.planner.conditions import ALWAYS, Condition, variables_of
from router.planner.introspection import ASKED
from router.planner.nodes import Deferred, QueryPlan
from router.planner.refinements import needs_own_types
from router.planner.selections import TYPENAME, Field, Selections, Turns, first_turn, in_turn, selections_for

Completer = Callable[[Any, Run], Any]
Shaper = Callable[[Any, Run], dict[str, Any] | None]
_MOST_ORDERS = 64


class Part(NamedTuple):
    """A field of the client's object: its name there, its key in the data, or the value that it always has."""

    name: str
    key: str
    complete: Completer | None = None
    required: bool = False
    condition: Condition | None = None
    constant: str | None = None

    def entry(self) -> Entry:
        """What is completed is looked at when it is."""
        return Entry(self.name, self.key, self.constant, self.required and self.complete is None)


def root_shaper(plan: QueryPlan) -> Shaper:
    roots = {"query": plan.schema.query_type, "mutation": plan.schema.mutation_type}
    root = roots.get(plan.operation, plan.schema.subscription_type)
    assert root is not None
    return _Compiler(plan.schema).object(root, plan.selections)


def block_completer(schema: GraphQLSchema, block: Deferred) -> Completer:
    """For each object that the block completes."""
    return _Compiler(schema).composite(schema.type_map[block.type_name], block.selections)


class _Compiler:
    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._shapers: dict[tuple[str, tuple[int, ...]], Shaper] = {}
        self._narrowed: dict[tuple[int, str], Selections] = {}

    def object(self, type_: GraphQLObjectType | GraphQLInterfaceType, selections: Selections) -> Shaper:
        known = type_.name, tuple(id(field) for field in selections)
        if known not in self._shapers:
            shown = in_turn(field for field in selections if not field.is_implied)
            parts = [self._part(type_, field) for field in shown]
            turning = any(field.turns and field.turns[0][1] != field.condition for field in shown)
            turns = [field.turns for field in shown]
            self._shapers[known] = _turning_shaper(parts, turns) if turning else _object_shaper(parts)
        return self._shapers[known]

    def _part(self, type_: GraphQLObjectType | GraphQLInterfaceType, field: Field) -> Part:
        condition = None if field.condition == ALWAYS else field.condition
        if field.is_withheld:
            return Part(field.response_key, field.key, None, _is_required(type_, field), condition)
        if field.name == TYPENAME and isinstance(type_, GraphQLObjectType):
            return Part(field.response_key, field.key, None, True, condition, type_.name)
        if field.name == TYPENAME or field.name in ASKED:
            return Part(field.response_key, field.key, None, field.name == TYPENAME, condition)
        complete = self._completer(type_.fields[field.name].type, field)
        return Part(field.response_key, field.key, complete, _is_required(type_, field), condition)

    def _completer(self, type_: GraphQLOutputType, field: Field) -> Completer | None:
        if isinstance(type_, GraphQLNonNull):
            return self._completer(type_.of_type, field)
        if isinstance(type_, GraphQLList):
            return _list_completer(self._completer(type_.of_type, field), isinstance(type_.of_type, GraphQLNonNull))
        return self._named(type_, field)

    def _named(self, type_: GraphQLNamedOutputType, field: Field) -> Completer | None:
        if isinstance(type_, GraphQLEnumType):
            return _enum_completer(frozenset(type_.values))
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
            return self.composite(type_, field.children)
        return None

    def composite(self, type_: GraphQLNamedType, selections: Selections) -> Completer:
        if isinstance(type_, GraphQLObjectType):
            return self.object(type_, self._for(selections, type_.name))
        assert isinstance(type_, GraphQLInterfaceType | GraphQLUnionType)
        return self._abstract(type_, selections)

    def _abstract(self, type_: GraphQLInterfaceType | GraphQLUnionType, selections: Selections) -> Completer:
        possible = {t.name: t for t in self.schema.get_possible_types(type_)}
        if self._is_plain(type_, selections):
            return _plain_completer(self.object(type_, selections), frozenset(possible))
        return _typed_completer({name: self.object(t, self._for(selections, name)) for name, t in possible.items()})

    def _is_plain(
        self, type_: GraphQLInterfaceType | GraphQLUnionType, selections: Selections
    ) -> TypeGuard[GraphQLInterfaceType]:
        alike = isinstance(type_, GraphQLInterfaceType) and all(field.on is None for field in selections)
        return alike and not needs_own_types(self.schema, type_, selections)

    def _for(self, selections: Selections, name: str) -> Selections:
        known = id(selections), name
        if known not in self._narrowed:
            self._narrowed[known] = selections_for(selections, name)
        return self._narrowed[known]


def _is_required(type_: GraphQLObjectType | GraphQLInterfaceType, field: Field) -> bool:
    return field.name == TYPENAME or isinstance(type_.fields[field.name].type, GraphQLNonNull)


def _object_shaper(parts: list[Part]) -> Shaper:
    if any(part.condition for part in parts):
        return _conditional_shaper(parts)
    read = object_reader(tuple(part.entry() for part in parts))
    completers = tuple((part.name, part.complete, part.required) for part in parts if part.complete)
    absent = {part.key: None for part in parts}

    def shape(data: Any, run: Run) -> Object | None:
        if type(data) is not dict:
            return None
        try:
            found = read(data)
        except KeyError:
            found = read(absent | data)
        if found is None:
            run.nulled = True
            return None
        for name, complete, required in completers:
            value = found[name] = complete(found[name], run)
            if value is None and required:
                run.nulled = True
                return None
        return found

    return shape


def _conditional_shaper(parts: list[Part]) -> Shaper:
    def shape(data: Any, run: Run) -> dict[str, Any] | None:
        if type(data) is not dict:
            return None
        found: dict[str, Any] = {}
        for part in parts:
            if part.condition is not None and not run.holds(part.condition):
                continue
            value = part.constant or data.get(part.key)
            if part.complete is not None:
                value = part.complete(value, run)
            if value is None and part.required:
                run.nulled = True
                return None
            found[part.name] = value
        return found

    return shape


def _turning_shaper(parts: list[Part], turns: list[Turns]) -> Shaper:
    """Where it depends on variables which place of a field is its first, and so in which order they come."""
    names = sorted({name for places in turns for _, condition in places for name in variables_of(condition)})

    @lru_cache(maxsize=_MOST_ORDERS)
    def shaper_for(outcome: tuple[bool, ...]) -> Shaper:
        switches = dict(zip(names, outcome, strict=True))
        order = sorted(range(len(parts)), key=lambda number: first_turn(turns[number], switches))
        return _conditional_shaper([parts[number] for number in order])

    def shape(data: Any, run: Run) -> dict[str, Any] | None:
        return shaper_for(tuple(bool(run.switches.get(name)) for name in names))(data, run)

    return shape


def _plain_completer(shape: Shaper, allowed: frozenset[str]) -> Completer:
    """For an interface of which only its own fields are asked, so that the object's type need not be known."""

    def complete(value: Any, run: Run) -> Any:
        if type(value) is not dict or value.get(TYPENAME, None) not in (None, *allowed):
            return None
        return shape(value, run)

    return complete


def _typed_completer(shapers: dict[str, Shaper]) -> Completer:
    def complete(value: Any, run: Run) -> Any:
        if type(value) is not dict:
            return None
        name = value.get(TYPENAME)
        shape = shapers.get(name) if type(name) is str else None
        return shape(value, run) if shape else None

    return complete


@lru_cache(maxsize=256)
def _enum_completer(values: frozenset[str]) -> Completer:
    return lambda value, run: value if type(value) is str and value in values else None


def _list_completer(complete: Completer | None, required: bool) -> Completer:
    def complete_list(value: Any, run: Run) -> Any:
        if type(value) is not list:
            return None
        found = value if complete is None else list(map(complete, value, repeat(run)))
        if required and None in found:
            run.nulled = True
            return None
        return found

    return complete_list
