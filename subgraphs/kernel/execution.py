"""Executing a subgraph's operations: by their shapes where these can be told, else as graphql-core does."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    parse,
    validate,
)
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from subgraphs.kernel.shapes import LONG_WAY, Shapes

_KEPT_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Known:
    """A document that was parsed and validated."""

    document: DocumentNode
    shapes: Shapes


class Operations:
    """Executes documents against one schema; what was parsed and validated once is kept by its text."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: dict[str, Known] = {}
        self._kept_characters = 0

    async def execute(
        self, text: str, variables: Mapping[str, Any], operation_name: str | None, context: Any
    ) -> ExecutionResult:
        """Never raises for what is wrong with the operation: that stands in `errors`."""
        try:
            known = self._known.get(text) or self._checked(text)
        except GraphQLError as error:
            return ExecutionResult(None, [error])
        execution = Execution.build(
            self._schema,
            known.document,
            raw_variable_values=dict(variables),
            operation_name=operation_name,
            context_value=context,
            is_awaitable=cast("Any", optimized_is_awaitable),
            shapes=known.shapes,
        )
        if isinstance(execution, list):
            return ExecutionResult(None, execution)
        result = cast("AwaitableOrValue[ExecutionResult]", execution.execute_operation())
        return result if isinstance(result, ExecutionResult) else await result

    def _checked(self, text: str) -> Known:
        document = parse(text, no_location=True)
        errors = validate(self._schema, document, max_errors=1)
        if errors:
            raise errors[0]
        return self._keep(text, Known(document, Shapes(self._schema)))

    def _keep(self, text: str, known: Known) -> Known:
        """Bounded by length: what a document takes in memory grows with it."""
        self._known[text] = known
        self._kept_characters += len(text)
        while self._kept_characters > _KEPT_CHARACTERS:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._kept_characters -= len(oldest)
        return known


class Execution(StrawberryGraphQLCoreExecutionContext):
    """`shapes`: those of the document; without them it makes its own."""

    def __init__(self, *given: Any, shapes: Shapes | None = None, **others: Any) -> None:
        super().__init__(*given, **others)
        self._shapes = shapes or Shapes(self.schema)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        plain: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for response_name, details in grouped_field_set.items():
            field = self._shapes.of_field(parent_type, [each.node for each in details])
            value = LONG_WAY if field is None else field.value_of(source_value)
            if value is LONG_WAY:
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

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> Any:
        shape = self._shapes.of_value(return_type, [each.node for each in field_details_list])
        value = LONG_WAY if shape is None else shape.value_of(result)
        if value is not LONG_WAY:
            return value
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


async def _joined_later(order: Any, plain: dict[str, Any], completed: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return _joined(order, plain, await completed)


def _joined(order: Any, plain: dict[str, Any], completed: dict[str, Any]) -> dict[str, Any]:
    """Both parts in the order in which the operation asked for them."""
    both = plain | completed
    return {name: both[name] for name in order if name in both}
