"""Errors for nulls where the schema allows none, unless another error says why already.

An entity that its subgraph has not, or does not show, is null where it stands, and that needs no error if it may be.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from graphql import (
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from router.errors import logged
from router.executor.errors import Error, ResponsePath
from router.executor.run import Run
from router.planner.nodes import QueryPlan
from router.planner.selections import TYPENAME, Field, Selections

MOST_ERRORS = 100


def unexplained_nulls(plan: QueryPlan, run: Run) -> list[Error]:
    """Walks the data once more, with paths, which the shapers do without."""
    roots = {"query": plan.schema.query_type, "mutation": plan.schema.mutation_type}
    root = roots.get(plan.operation, plan.schema.subscription_type)
    assert root is not None
    nulls = nulls_of(plan.schema, root.name, plan.selections, run.data, (), run, nullable=False)
    return unexplained(nulls, run.errors)


def unexplained(nulls: Iterator["Null"], errors: Iterable[Error]) -> list[Error]:
    known = Known(tuple(error.get("path") or ()) for error in errors)
    found = list(islice((null for null in nulls if not known.explain(null)), MOST_ERRORS))
    return _errors(found) if found else []


class Known:
    """Where errors are, found by any null above or below them: there may be thousands of both."""

    def __init__(self, errors: Iterable[ResponsePath]) -> None:
        self._errors = set(errors)
        self._above = {path[:length] for path in self._errors for length in range(len(path) + 1)}

    def explain(self, null: "Null") -> bool:
        """What no subgraph answered was lost with its object, so by any error in there."""
        path = null.path[:-1] if null.unanswered else null.path
        return path in self._above or any(path[:length] in self._errors for length in range(len(path)))


def _errors(nulls: list["Null"]) -> list[Error]:
    fields = sorted({null.field for null in nulls})
    extensions = logged("null where the schema allows none", fields=fields)
    return [
        {
            "message": f"Cannot return null for non-nullable field {null.field}.",
            "path": list(null.path),
            "extensions": extensions,
        }
        for null in nulls
    ]


@dataclass(frozen=True, slots=True)
class Null:
    path: ResponsePath
    field: str
    unanswered: bool


def nulls_of(
    schema: GraphQLSchema,
    type_name: str,
    selections: Selections,
    data: dict[str, Any],
    at: ResponsePath,
    run: Run,
    *,
    nullable: bool,
) -> Iterator[Null]:
    may_be_absent = nullable and id(data) in run.absent
    given = data.get(TYPENAME)
    name = given if isinstance(given, str) else type_name
    fields = getattr(schema.type_map.get(name), "fields", {})
    for field in selections:
        if field.on in (None, name) and field.name in fields and not field.is_withheld and run.holds(field.condition):
            where, type_ = (*at, field.response_key), fields[field.name].type
            if field.key in data:
                yield from _value_nulls(schema, type_, field, data[field.key], where, f"{name}.{field.name}", run)
            elif isinstance(type_, GraphQLNonNull) and not may_be_absent:
                yield Null(where, f"{name}.{field.name}", unanswered=True)


def _value_nulls(
    schema: GraphQLSchema,
    type_: GraphQLOutputType,
    field: Field,
    value: Any,
    at: ResponsePath,
    where: str,
    run: Run,
) -> Iterator[Null]:
    nullable = not isinstance(type_, GraphQLNonNull)
    if isinstance(type_, GraphQLNonNull):
        if value is None:
            yield Null(at, where, unanswered=False)
            return
        type_ = type_.of_type
    if isinstance(type_, GraphQLList):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _value_nulls(schema, type_.of_type, field, item, (*at, index), where, run)
    elif isinstance(value, dict) and is_composite_type(get_named_type(type_)):
        named = get_named_type(type_)
        if not nullable and _is_faceless(schema, named, field.children, value):
            yield Null(at, where, unanswered=True)
        else:
            yield from nulls_of(schema, named.name, field.children, value, at, run, nullable=nullable)


def _is_faceless(schema: GraphQLSchema, type_: GraphQLNamedType, selections: Selections, value: dict[str, Any]) -> bool:
    """Whether it cannot be told what is asked of the object, for want of its type."""
    if not is_abstract_type(type_) or all(field.on is None and field.name != TYPENAME for field in selections):
        return False
    names = {possible.name for possible in schema.get_possible_types(type_)}
    own = (field.key for field in selections if field.name == TYPENAME and field.on is None)
    return not any(value.get(key) in names for key in (TYPENAME, *own))
