"""Errors for nulls where the schema allows none, unless another error says why already."""

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLOutputType, GraphQLSchema, get_named_type, is_composite_type

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
    known = [tuple(error.get("path") or ()) for error in run.errors]
    found: list[Error] = []
    for path, where in _nulls(plan.schema, root.name, plan.selections, run.data, (), run):
        if not any(_related(path, other) for other in known) and len(found) < MOST_ERRORS:
            found.append({"message": f"Cannot return null for non-nullable field {where}.", "path": list(path)})
    return found


def _related(path: ResponsePath, other: ResponsePath) -> bool:
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]


Null = tuple[ResponsePath, str]


def _nulls(
    schema: GraphQLSchema, type_name: str, selections: Selections, data: dict[str, Any], at: ResponsePath, run: Run
) -> Iterator[Null]:
    name = data.get(TYPENAME) or type_name
    fields = getattr(schema.type_map.get(name), "fields", {})
    for field in selections:
        if field.on in (None, name) and field.name in fields and run.holds(field.condition):
            where = f"{name}.{field.name}"
            yield from _value_nulls(
                schema, fields[field.name].type, field, data.get(field.key), (*at, field.response_key), where, run
            )


def _value_nulls(
    schema: GraphQLSchema,
    type_: GraphQLOutputType,
    field: Field,
    value: Any,
    at: ResponsePath,
    where: str,
    run: Run,
) -> Iterator[Null]:
    if isinstance(type_, GraphQLNonNull):
        if value is None:
            yield at, where
            return
        type_ = type_.of_type
    if isinstance(type_, GraphQLList):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _value_nulls(schema, type_.of_type, field, item, (*at, index), where, run)
    elif isinstance(value, dict) and is_composite_type(get_named_type(type_)):
        yield from _nulls(schema, get_named_type(type_).name, field.children, value, at, run)
