"""The way of a request: parse -> limit -> validate -> plan, kept by document, then check the variables and execute."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationType

from router.context import RequestContext
from router.documents import (
    Inputs,
    inputs_of,
    operation_of,
    parse_document,
    unlink_tokens,
    validate_document,
    weigh_all,
)
from router.errors import SHOWN_EXTENSIONS, too_large
from router.executor import deliver, execute, prepare, subscribe
from router.memory import settle_memory
from router.planner import Planner, PlanningError, QueryPlan
from router.planner.deferral import Deferring, deferring_of
from router.planner.nodes import Defer
from router.scalars import STANDARD_SCALARS, ScalarCheck, guard_scalars
from router.settings import Limits
from router.supergraph import Supergraph
from router.transports.base import Transport

SETTLED_TOGETHER = 100
MOST_GIVEN_UP = 1_000
Key = tuple[str, str | None, frozenset[str] | None]
"""A document, the operation of it, and which variables defer; None if nothing is deferred."""


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
    deferring: Deferring | None = None

    def switched_on(self, variables: Mapping[str, Any]) -> frozenset[str] | None:
        return self.deferring.switched_on({**self.plan.defaults, **variables}) if self.deferring else None


@dataclass(frozen=True, slots=True)
class Call:
    """An operation with the variables of one request, checked: all that is left is to run it."""

    operation: Operation
    variables: Mapping[str, Any]

    @property
    def kind(self) -> OperationType:
        return self.operation.kind

    @property
    def streams(self) -> bool:
        """Whether it is answered by several responses."""
        return self.kind is OperationType.SUBSCRIPTION

    @property
    def defers(self) -> bool:
        return isinstance(self.operation.plan.root, Defer)


class Pipeline:
    def __init__(
        self,
        supergraph: Supergraph,
        transport: Transport,
        limits: Limits,
        *,
        scalars: Mapping[str, ScalarCheck] = STANDARD_SCALARS,
        introspection: bool = True,
        shown_extensions: Iterable[str] = SHOWN_EXTENSIONS,
        cache_size: int = 1_000,
        cache_characters: int = 1_000_000,
    ) -> None:
        self._schema: GraphQLSchema = supergraph.public_schema
        guard_scalars(self._schema, scalars)
        self._planner = Planner(supergraph)
        self._transport = transport
        self._limits = limits
        self._introspection = introspection
        self._shown_extensions = frozenset(shown_extensions)
        self._operations: OrderedDict[Key, Operation] = OrderedDict()
        self._cache_size = cache_size
        self._cache_characters = cache_characters
        self._kept_characters = 0
        self._given_up: OrderedDict[bytes, str] = OrderedDict()
        self._planning = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="planner")
        self._planned = 0

    def prepare(self, request: GraphQLRequest) -> Call:
        """Raises OperationRefused, before anything runs, for what cannot be answered."""
        key = request.query, request.operation_name, None
        return self._call(self._known(key) or self._keep(key, self._plan(*key)), request)

    async def prepare_aside(self, request: GraphQLRequest, *, deferring: bool = False) -> Call:
        """The same, but a document that is new is planned in a thread: others are served meanwhile.

        @defer is only heeded for who asks for it.
        """
        key = request.query, request.operation_name, None
        call = self._call(self._known(key) or await self._planned_aside(key), request)
        switched_on = call.operation.switched_on(call.variables) if deferring else None
        if switched_on is None:
            return call
        later = request.query, request.operation_name, switched_on
        return Call(self._known(later) or await self._planned_aside(later), call.variables)

    async def execute(self, call: Call, context: RequestContext) -> Mapping[str, Any]:
        return await execute(call.operation.plan, call.variables, self._transport, context, self._shown_extensions)

    def deliver(self, call: Call, context: RequestContext) -> AsyncGenerator[Mapping[str, Any], None]:
        """The answer to a call that defers, in parts. To close it ends what still runs."""
        return deliver(call.operation.plan, call.variables, self._transport, context, self._shown_extensions)

    async def stream(self, call: Call, context: RequestContext) -> AsyncGenerator[Mapping[str, Any], None]:
        """The responses of a call that has several, ended upstream as soon as this generator is closed."""
        events = subscribe(call.operation.plan, call.variables, self._transport, context, self._shown_extensions)
        try:
            async for event in events:
                yield event
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    def _call(self, operation: Operation, request: GraphQLRequest) -> Call:
        return Call(operation, operation.inputs.check(request.variables, self._schema, self._limits))

    def _known(self, key: Key) -> Operation | None:
        if found := self._operations.get(key):
            self._operations.move_to_end(key)
        elif given_up := self._given_up.get(digest(key)):
            raise too_large(given_up)
        return found

    async def _planned_aside(self, key: Key) -> Operation:
        """One at a time, and who waited for the same document finds it planned."""
        async with self._planning:
            if known := self._known(key):
                return known
            planned = asyncio.get_running_loop().run_in_executor(self._thread, self._plan, *key)
            return self._keep(key, await planned)

    def _keep(self, key: Key, operation: Operation) -> Operation:
        self._operations[key] = operation
        self._kept_characters += len(key[0])
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
            (text, *_), _ = self._operations.popitem(last=False)
            self._kept_characters -= len(text)

    def _plan(self, text: str, name: str | None, switched_on: frozenset[str] | None) -> Operation:
        document = parse_document(text, self._limits)
        costs = weigh_all(document, self._schema, self._limits)
        validate_document(document, self._schema, self._introspection)
        operation = operation_of(document, name)
        unlink_tokens(document)
        is_subscription = operation.operation is OperationType.SUBSCRIPTION
        return Operation(
            kind=operation.operation,
            inputs=inputs_of(operation, costs[id(operation)], self._limits),
            plan=self._plan_of(document, (text, name, switched_on)),
            deferring=deferring_of(document) if "defer" in text and not is_subscription else None,
        )

    def _plan_of(self, document: DocumentNode, key: Key) -> QueryPlan:
        try:
            plan = self._planner.plan(document, key[1], key[2])
            prepare(plan)
            return plan
        except PlanningError as error:
            self._give_up(key, str(error))
            raise too_large(str(error)) from error

    def _give_up(self, key: Key, why: str) -> None:
        """Remembers it, as to find out again may take a second of processor time."""
        self._given_up[digest(key)] = why
        if len(self._given_up) > MOST_GIVEN_UP:
            self._given_up.popitem(last=False)


def digest(key: Key) -> bytes:
    text, name, switched_on = key
    return sha256(repr((text, name, switched_on is None, sorted(switched_on or ()))).encode()).digest()
