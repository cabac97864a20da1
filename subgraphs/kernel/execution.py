"""Executing a subgraph's operations with a short way for what most fields are: an attribute that is a leaf.

graphql-core takes each field through resolve info, resolver, awaiting and completion. A field without a resolver whose
type is a scalar or an enum needs none of that. Whatever is unusual (a null where none may be, a value that does not
fit) goes the long way, which knows what to say.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLBoolean,
    GraphQLError,
    GraphQLField,
    GraphQLID,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    execute,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
    parse,
    validate,
)
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter

_TYPENAME = "__typename"
_LEAVES = "hospital-leaf"
_LONG_WAY = object()
_KEPT_CHARACTERS = 1_000_000


_AS_IS: dict[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


@dataclass(frozen=True, slots=True)
class Leaf:
    """The attribute of a plain field and the type that writes its value; what is `as_is` need not be written anew."""

    attribute: str
    type: Any
    nullable: bool
    as_is: type | None

    def value_of(self, source: Any) -> Any:
        """The value as the response has it, or `_LONG_WAY`."""
        value = getattr(source, self.attribute, None)
        if type(value) is self.as_is:
            return value
        if value is None:
            return None if self.nullable else _LONG_WAY
        try:
            written = self.type.coerce_output_value(value)
        except Exception:
            return _LONG_WAY
        return _LONG_WAY if written is None or written is Undefined else written


def mark_leaves(schema: GraphQLSchema) -> None:
    """Notes on every object type which of its fields are plain leaves."""
    for named in schema.type_map.values():
        if isinstance(named, GraphQLObjectType) and not named.name.startswith("__"):
            leaves = {name: _leaf_of(field) for name, field in named.fields.items()}
            named.extensions[_LEAVES] = {name: leaf for name, leaf in leaves.items() if leaf is not None}


def _leaf_of(field: GraphQLField) -> Leaf | None:
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    nullable = not is_non_null_type(field.type)
    inner = get_nullable_type(field.type)
    if definition is None or not definition.is_basic_field or field.args or not is_leaf_type(inner):
        return None
    return Leaf(definition.python_name, inner, nullable, _AS_IS.get(inner))


class Operations:
    """Executes documents against one schema; what was parsed and validated once is kept by its text."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._documents: dict[str, DocumentNode] = {}
        self._kept_characters = 0

    async def execute(
        self, text: str, variables: Mapping[str, Any], operation_name: str | None, context: Any
    ) -> ExecutionResult:
        """Never raises for what is wrong with the operation: that stands in `errors`."""
        try:
            document = self._documents.get(text) or self._checked(text)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        result: AwaitableOrValue[ExecutionResult] = execute(
            self._schema,
            document,
            variable_values=dict(variables),
            operation_name=operation_name,
            context_value=context,
            is_awaitable=cast("Any", optimized_is_awaitable),
            executor_class=Execution,
        )
        return result if isinstance(result, ExecutionResult) else await result

    def _checked(self, text: str) -> DocumentNode:
        document = parse(text, no_location=True)
        errors = validate(self._schema, document, max_errors=1)
        if errors:
            raise errors[0]
        self._keep(text, document)
        return document

    def _keep(self, text: str, document: DocumentNode) -> None:
        """Bounded by length: what a document takes in memory grows with it."""
        self._documents[text] = document
        self._kept_characters += len(text)
        while self._kept_characters > _KEPT_CHARACTERS:
            oldest = next(iter(self._documents))
            del self._documents[oldest]
            self._kept_characters -= len(oldest)


class Execution(StrawberryGraphQLCoreExecutionContext):
    """For schemas whose leaves are marked."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        leaves = parent_type.extensions.get(_LEAVES)
        if leaves is None:
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        plain: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for response_name, details in grouped_field_set.items():
            value = _plain_value(parent_type, leaves, source_value, details[0].node.name.value)
            if value is _LONG_WAY:
                rest[response_name] = details
            else:
                plain[response_name] = value
        if not rest:
            return plain
        completed: Any = super().execute_fields(parent_type, source_value, path, rest, position_context)
        if not plain:
            return completed
        if self.is_awaitable(completed):
            return _joined_later(grouped_field_set, plain, completed)
        return _joined(grouped_field_set, plain, completed)


def _plain_value(parent_type: GraphQLObjectType, leaves: dict[str, Leaf], source: Any, name: str) -> Any:
    leaf = leaves.get(name)
    if leaf is not None:
        return leaf.value_of(source)
    return parent_type.name if name == _TYPENAME else _LONG_WAY


async def _joined_later(order: Any, plain: dict[str, Any], completed: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _joined(order, plain, await completed)


def _joined(order: Any, plain: dict[str, Any], completed: dict[str, Any]) -> dict[str, Any]:
    """Both parts in the order in which the operation asked for them."""
    both = plain | completed
    return {name: both[name] for name in order if name in both}
