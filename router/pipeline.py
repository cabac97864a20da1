"""The way of a request: parse -> limit -> validate -> plan, kept by document, then check the variables and execute."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphql import DocumentNode, GraphQLSchema, OperationType

from router.authorization import (
    Needs,
    PolicyCheck,
    guards_of,
    held_by,
    held_guards,
    no_policies,
    refusing,
    withhold,
)
from router.context import NOBODY, RequestContext
from router.documents import (
    inputs_of,
    operation_of,
    parse_document,
    unlink_tokens,
    validate_document,
    weigh_all,
)
from router.errors import SHOWN_EXTENSIONS, too_large
from router.executor import deliver, execute, prepare, subscribe
from router.limits.cost import Cost
from router.operations import GivenUp, KeptOperations, Key, Operation
from router.overrides import HeldOverrides, LabelCheck, Planners, no_labels
from router.persisted import PersistedOperations
from router.planner import PlanningError, QueryPlan
from router.planner.deferral import DEFER, deferring_of
from router.planner.nodes import Defer
from router.planner.withholding import Withhold, nothing
from router.planning import PlanningLine
from router.scalars import STANDARD_SCALARS, ScalarCheck, guard_scalars
from router.settings import Limits, Overrides, Persisted, Planning, SharedSubscriptions
from router.sharing import SharedStreams, asked_by
from router.supergraph import Supergraph
from router.transports.base import Transport


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """`query` is empty where the document is named by its id alone."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    document_id: str | None = None


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
        policies: PolicyCheck = no_policies,
        reject_unauthorized: bool = False,
        persisted: PersistedOperations | None = None,
        overrides: Overrides = Overrides(),
        labels: LabelCheck = no_labels,
        shared: SharedSubscriptions = SharedSubscriptions(),
        planning: Planning = Planning(),
    ) -> None:
        self._schema: GraphQLSchema = supergraph.public_schema
        guard_scalars(self._schema, scalars)
        self._planners = Planners(supergraph)
        self._overrides = HeldOverrides(supergraph.override_labels, overrides, labels)
        self._needs = Needs(supergraph)
        self._policies = policies
        self._persisted = persisted or PersistedOperations(Persisted())
        self._reject_unauthorized = reject_unauthorized
        self._transport = transport
        self._limits = limits
        self._introspection = introspection
        self._shown_extensions = frozenset(shown_extensions)
        self._operations = KeptOperations(cache_size, cache_characters)
        self._given_up = GivenUp()
        self._line = PlanningLine(planning, self._operations)
        self._shared = SharedStreams(shared.most_behind) if shared.shared else None

    def prepare(self, request: GraphQLRequest) -> Call:
        """For a caller of whom nothing is known. Raises OperationRefused for what cannot be answered."""
        key = Key(request.query, request.operation_name)
        operation = self._planned(key)
        if guards := operation.guards:
            held = held_by(guards, None, frozenset())
            operation = operation if held == guards else self._planned(key._replace(held=held))
        return self._call(operation, request)

    async def prepare_aside(
        self, request: GraphQLRequest, context: RequestContext = NOBODY, *, deferring: bool = False
    ) -> Call:
        """For this caller. A document that is new is planned in a thread: others are served meanwhile.

        @defer is heeded for who asks for it, and may see all of the answer.
        """
        text = self._persisted.text_of(request.query, request.document_id)
        key = Key(text, request.operation_name, await self._overrides.of(context))
        operation = await self._planned_for_all(key)
        self._persisted.keep(key.text, request.document_id)
        if guards := operation.guards:
            held = await held_guards(guards, context, self._policies)
            if held != guards:
                return self._call(await self._planned_for_all(key._replace(held=held)), request)
        call = self._call(operation, request)
        switched_on = operation.switched_on(call.variables) if deferring else None
        if switched_on is None:
            return call
        return Call(await self._planned_for_all(key._replace(switched_on=switched_on)), call.variables)

    async def execute(self, call: Call, context: RequestContext) -> Mapping[str, Any]:
        return await execute(call.operation.plan, call.variables, self._transport, context, self._shown_extensions)

    def deliver(self, call: Call, context: RequestContext) -> AsyncGenerator[Mapping[str, Any], None]:
        """The answer to a call that defers, in parts. To close it ends what still runs."""
        return deliver(call.operation.plan, call.variables, self._transport, context, self._shown_extensions)

    def stream(self, call: Call, context: RequestContext) -> AsyncGenerator[Mapping[str, Any], None]:
        """The responses of a call that has several, ended upstream as soon as nobody listens any more."""
        if self._shared is None:
            return self._events(call, context)
        key = id(call.operation), asked_by(context, call.variables)
        return self._shared.listen(key, partial(self._events, call, context))

    async def _events(self, call: Call, context: RequestContext) -> AsyncGenerator[Mapping[str, Any], None]:
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
        found = self._operations.get(key)
        if found is None and (why := self._given_up.get(key)):
            raise too_large(why)
        return found

    def _planned(self, key: Key) -> Operation:
        return self._known(key) or self._operations.keep(key, self._plan(key))

    async def _planned_for_all(self, key: Key) -> Operation:
        return self._known(key) or await self._line.planned(key, self._plan)

    def validated(self, text: str) -> tuple[DocumentNode, Mapping[int, Cost]]:
        """The document with the costs of its operations, by their ids. Raises OperationRefused."""
        document = parse_document(text, self._limits)
        costs = weigh_all(document, self._schema, self._limits)
        validate_document(document, self._schema, self._introspection)
        return document, costs

    def _plan(self, key: Key) -> Operation:
        document, costs = self.validated(key.text)
        operation = operation_of(document, key.name)
        unlink_tokens(document)
        plan = self._plan_of(document, key, self._withhold(key, operation.operation))
        return Operation(
            kind=operation.operation,
            inputs=inputs_of(operation, costs[id(operation)], self._limits),
            plan=plan,
            guards=guards_of(self._needs, plan) if self._needs else frozenset(),
            deferring=deferring_of(document) if may_defer(key, operation.operation) else None,
        )

    def _plan_of(self, document: DocumentNode, key: Key, part: Withhold) -> QueryPlan:
        try:
            plan = self._planners.of(key.labels).plan(document, key.name, part, key.switched_on)
            prepare(plan)
            return plan
        except PlanningError as error:
            self._given_up.keep(key, str(error))
            raise too_large(str(error)) from error

    def _withhold(self, key: Key, kind: OperationType) -> Withhold:
        if key.held is None:
            return nothing
        return refusing(withhold(self._needs, key.held), kind, wholly=self._reject_unauthorized)


def may_defer(key: Key, kind: OperationType) -> bool:
    return DEFER in key.text and kind is not OperationType.SUBSCRIPTION
