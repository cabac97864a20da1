"""A domain's Strawberry schema as a subgraph: executed in process, or served over HTTP by `subgraphs.kernel.http`."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any

import structlog
from graphql import FieldNode, GraphQLError
from strawberry.federation.schema import FederationAny, Schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.types import Info

from subgraphs.kernel.away import is_away
from subgraphs.kernel.denials import DenialLog
from subgraphs.kernel.entities import resolve_entities
from subgraphs.kernel.errors import BadUserInput, Forbidden, RequestError, Unauthenticated
from subgraphs.kernel.execution import Execution, Operations
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.principal import Principal
from subgraphs.kernel.scalars import scalar_map
from subgraphs.kernel.tokens import TokenChecker
from subgraphs.kernel.watching import WatchedOperation

_BROKEN = "Something went wrong on our side. Quote the errorId when you report it."
_AWAY = (
    "A part of the hospital does not answer just now. Try again in a moment: with the same idempotency key nothing is "
    "done twice."
)

log = structlog.get_logger(__name__)


class _Names(NameConverter):
    """Lets a field whose name is a Python keyword be written with a trailing underscore (`from_`)."""

    def apply_naming_config(self, name: str) -> str:
        return super().apply_naming_config(name.rstrip("_"))


class SubgraphSchema(Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Nothing: what is to be logged is logged once, where it is masked."""

    async def entities_resolver(  # type: ignore[override]  # awaited as any resolver is
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        return await resolve_entities(self._entities, info, representations)

    @cached_property
    def operations(self) -> Operations:
        return Operations(self._schema)

    @cached_property
    def _entities(self) -> dict[str, Any]:
        """The types that answer for a key, by name."""
        origins = {
            name: getattr(known.definition, "origin", None) for name, known in self.schema_converter.type_map.items()
        }
        return {name: origin for name, origin in origins.items() if hasattr(origin, "resolve_references")}


def subgraph_schema(
    *, query: type, mutation: type | None = None, subscription: type | None = None, types: Sequence[type] = ()
) -> SubgraphSchema:
    """A federation 2.9 schema with the contract's scalars and names."""
    return SubgraphSchema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        federation_version="2.9",
        config=StrawberryConfig(name_converter=_Names(), scalar_map=scalar_map()),
        execution_context_class=Execution,
    )


class Subgraph:
    """One domain, ready to answer. `context` makes what resolvers get as `info.context` from who asks."""

    def __init__(
        self,
        name: str,
        schema: SubgraphSchema,
        context: Callable[[Principal | None], Any],
        tokens: TokenChecker,
        denials: DenialLog,
    ) -> None:
        self.name, self.schema = name, schema
        self._context, self._tokens, self._denials = context, tokens, denials

    async def execute(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """A GraphQL response. `headers` have lower-case names."""
        with WatchedOperation(self.name, document, headers) as watched:
            answer = await self._answer(document, variables, operation_name, headers)
            watched.answered(answer)
            return answer

    async def _answer(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        try:
            principal = await self._tokens.principal(headers.get("authorization"))
        except Unauthenticated as error:
            return {"data": None, "errors": [error.formatted]}
        result = await self.schema.operations.execute(document, variables, operation_name, self._context(principal))
        if result.errors:
            await self._note_denials(principal, result.errors)
        return response(result)

    async def subscribe(
        self, document: str, variables: Mapping[str, Any], operation_name: str | None, headers: Mapping[str, str]
    ) -> AsyncIterator[dict[str, Any]]:
        try:
            principal = await self._tokens.principal(headers.get("authorization"))
        except Unauthenticated as error:
            yield {"data": None, "errors": [error.formatted]}
            return
        results = await self.schema.subscribe(
            document,
            variable_values=dict(variables),
            operation_name=operation_name,
            context_value=self._context(principal),
        )
        async with aclosing(results):
            async for result in results:
                await self._note_denials(principal, result.errors)
                yield response(result)

    async def _note_denials(self, principal: Principal | None, errors: Sequence[GraphQLError] | None) -> None:
        for error in errors or ():
            if principal is not None and isinstance(error.original_error, Forbidden) and error.path:
                await self._denials.note(principal, _field_asked_for(error), error.original_error.target)


def _field_asked_for(error: GraphQLError) -> str:
    """The root field's name, whatever the document calls it."""
    node = error.nodes[0] if error.nodes and error.path and len(error.path) == 1 else None
    return node.name.value if isinstance(node, FieldNode) else str((error.path or [""])[0])


def response(result: Any) -> dict[str, Any]:
    """The response as plain data, with every error masked that was not meant to be read."""
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [shown(error) for error in result.errors]
    return answer


def shown(error: GraphQLError) -> dict[str, Any]:
    """The error as the caller may see it: as it is when it is safe, else masked, logged, and named by an id."""
    original = error.original_error
    if isinstance(original, RequestError):
        return {**error.formatted, "message": original.message, "extensions": dict(original.extensions or {})}
    if isinstance(error, RequestError) or original is None:
        return dict(error.formatted)
    if error.path is None and isinstance(original, GraphQLError):  # a variable of the wrong type: nothing was begun
        return {**error.formatted, "extensions": {"code": BadUserInput.code}}
    error_id, passes = new_id(), is_away(original)
    log.error("request.failed", error_id=error_id, path=error.path, passes=passes, exc_info=original)
    extensions = {"code": "INTERNAL_SERVER_ERROR", "errorId": error_id} | ({"reason": "TRY_AGAIN"} if passes else {})
    masked = {"message": _AWAY if passes else _BROKEN, "extensions": extensions}
    return masked | ({"path": list(error.path)} if error.path else {})
