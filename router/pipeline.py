"""The way of a request: parse -> limit -> validate -> plan, kept by document, then check the variables and execute."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationType

from router.documents import (
    Inputs,
    inputs_of,
    operation_of,
    parse_document,
    unlink_tokens,
    validate_document,
    weigh_all,
)
from router.errors import too_large
from router.executor import execute, subscribe
from router.memory import settle_memory
from router.planner import Planner, PlanningError, QueryPlan
from router.scalars import STANDARD_SCALARS, ScalarCheck, guard_scalars
from router.settings import Limits
from router.supergraph import Supergraph
from router.transports.base import Transport

SETTLED_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """What is kept of a document between requests."""

    kind: OperationType
    inputs: Inputs
    plan: QueryPlan


@dataclass(frozen=True, slots=True)
class Call:
    """An operation with the variables of one request, checked: all that is left is to run it."""

    operation: Operation
    variables: Mapping[str, Any]

    @property
    def kind(self) -> OperationType:
        return self.operation.kind


class Pipeline:
    def __init__(
        self,
        supergraph: Supergraph,
        transport: Transport,
        limits: Limits,
        *,
        scalars: Mapping[str, ScalarCheck] = STANDARD_SCALARS,
        introspection: bool = True,
        cache_size: int = 1_000,
        cache_characters: int = 1_000_000,
    ) -> None:
        self._schema: GraphQLSchema = supergraph.public_schema
        guard_scalars(self._schema, scalars)
        self._planner = Planner(supergraph)
        self._transport = transport
        self._limits = limits
        self._introspection = introspection
        self._operations: OrderedDict[tuple[str, str | None], Operation] = OrderedDict()
        self._cache_size = cache_size
        self._cache_characters = cache_characters
        self._kept_characters = 0
        self._planned = 0

    def prepare(self, request: GraphQLRequest) -> Call:
        """Raises OperationRefused, before anything runs, for what cannot be answered."""
        operation = self._kept(request.query, request.operation_name)
        return Call(operation, operation.inputs.check(request.variables, self._schema, self._limits))

    async def execute(self, call: Call, headers: Mapping[str, str]) -> Mapping[str, Any]:
        return await execute(call.operation.plan, call.variables, self._transport, headers)

    async def subscribe(self, call: Call, headers: Mapping[str, str]) -> AsyncGenerator[Mapping[str, Any], None]:
        """The events, ended upstream as soon as this generator is closed."""
        events = subscribe(call.operation.plan, call.variables, self._transport, headers)
        try:
            async for event in events:
                yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def _kept(self, text: str, name: str | None) -> Operation:
        key = (text, name)
        if found := self._operations.get(key):
            self._operations.move_to_end(key)
            return found
        operation = self._operations[key] = self._plan(text, name)
        self._kept_characters += len(text)
        self._drop_oldest()
        self._settle()
        return operation

    def _settle(self) -> None:
        """A thousand plans are 200,000 objects, which a full collection would look at for 0.2 s each time.

        Only the first are hidden from it, as many as are kept: clients who go on sending new documents end this.
        """
        self._planned += 1
        if self._planned % SETTLED_TOGETHER == 0 and self._planned <= self._cache_size:
            settle_memory()

    def _drop_oldest(self) -> None:
        """A plan takes up to 150 bytes for each character of its document, so both are bounded."""
        while len(self._operations) > self._cache_size or self._kept_characters > self._cache_characters:
            (text, _), _ = self._operations.popitem(last=False)
            self._kept_characters -= len(text)

    def _plan(self, text: str, name: str | None) -> Operation:
        document = parse_document(text, self._limits)
        costs = weigh_all(document, self._schema, self._limits)
        validate_document(document, self._schema, self._introspection)
        operation = operation_of(document, name)
        unlink_tokens(document)
        return Operation(
            kind=operation.operation,
            inputs=inputs_of(operation, costs[id(operation)], self._limits),
            plan=self._plan_of(document, name),
        )

    def _plan_of(self, document: DocumentNode, name: str | None) -> QueryPlan:
        try:
            return self._planner.plan(document, name)
        except PlanningError as error:
            raise too_large(str(error)) from error
