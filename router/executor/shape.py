"""The client's response, as closures made once for a plan: order, names, types, and nulls that propagate.

A completer takes a value of the data and gives the client's; a shaper is one for objects: it gives None for what is
no object, and where a null propagates out of it. Thousands of them are kept, so they hold little.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeGuard

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

from router.executor.run import Run
from router.planner.conditions import ALWAYS, Condition
from router.planner.introspection import ASKED
from router.planner.nodes import Deferred, QueryPlan
from router.planner.refinements import needs_own_types
from router.planner.selections import TYPENAME, Field, Selections, selections_for

Completer = Callable[[Any, Run], Any]
Shaper = Callable[[Any, Run], dict[str, Any] | None]
Part = tuple[str, str, Completer | None, bool, Condition | None]


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
            self._shapers[known] = _object_shaper(
                [self._part(type_, field) for field in selections if not field.is_implied]
            )
        return self._shapers[known]

    def _part(self, type_: GraphQLObjectType | GraphQLInterfaceType, field: Field) -> Part:
        condition = None if field.condition == ALWAYS else field.condition
        if field.name == TYPENAME and isinstance(type_, GraphQLObjectType):
            return field.response_key, field.key, _constant(type_.name), True, condition
        if field.name == TYPENAME or field.name in ASKED:
            return field.response_key, field.key, None, False, condition
        output = type_.fields[field.name].type
        completer = self._completer(output, field)
        return field.response_key, field.key, completer, isinstance(output, GraphQLNonNull), condition

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


def _object_shaper(parts: list[Part]) -> Shaper:
    if all(completer is None and not condition and key == name for name, key, completer, _, condition in parts):
        return _leaves_shaper(
            tuple(key for _, key, _, _, _ in parts), tuple(key for _, key, _, required, _ in parts if required)
        )

    def shape(data: Any, run: Run) -> dict[str, Any] | None:
        if type(data) is not dict:
            return None
        found: dict[str, Any] = {}
        for response_key, key, completer, required, condition in parts:
            if condition is not None and not run.holds(condition):
                continue
            value = data.get(key)
            if completer is not None:
                value = completer(value, run)
            if value is None and required:
                run.nulled = True
                return None
            found[response_key] = value
        return found

    return shape


def _leaves_shaper(keys: tuple[str, ...], required: tuple[str, ...]) -> Shaper:
    """For an object of leaves alone, which is passed on as it came if it came as asked."""

    def shape(data: Any, run: Run) -> dict[str, Any] | None:
        if type(data) is not dict:
            return None
        found = data if tuple(data) == keys else {key: data.get(key) for key in keys}
        for key in required:
            if found[key] is None:
                run.nulled = True
                return None
        return found

    return shape


def _constant(value: str) -> Completer:
    return lambda _, run: value


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
        found = value if complete is None else [complete(item, run) for item in value]
        if required and None in found:
            run.nulled = True
            return None
        return found

    return complete_list
