"""One federated schema with its data: what the router answers beside what the whole schema, executed as one, does."""

import random
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from graphql import GraphQLResolveInfo, build_schema, execute_sync, parse, validate

from router.executor import execute
from router.planner import Planner
from router.planner.nodes import QueryPlan
from router.supergraph import read_supergraph
from router.transports.base import SubgraphRequest
from tests.router.oracle.compare import differences
from tests.router.oracle.composer import Composed
from tests.router.oracle.declared import Federation
from tests.router.oracle.failing import (
    WAYS,
    WAYS_OF_ENTITIES,
    Failing,
    Way,
    a_null_without_an_error,
    an_absent_entity,
    nobody_there,
    nulls_with_errors,
    question,
)
from tests.router.oracle.losses import Asked, Losses
from tests.router.oracle.operations import Operation
from tests.router.oracle.subgraphs import InProcess, Subgraph
from tests.router.oracle.world import Chances, Session, Thing, World

MOST_FIELDS = 3_000


class TooLarge(BaseException):
    """Not to be taken for an error of a field."""


@dataclass
class Subject:
    sdls: Mapping[str, str]
    composed: Composed
    seed: int
    chances: Chances
    labels: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.schema = build_schema(self.composed.api)
        self.federation = Federation(self.sdls, self.labels)
        self.world = World(self.federation, self.schema, self.seed, self.chances)
        self.world.refuse_the_impossible()
        declared = self.federation.subgraphs.items()
        self.subgraphs = {name: Subgraph(name, own, self.world) for name, own in declared}

    @cached_property
    def planner(self) -> Planner:
        return Planner(read_supergraph(self.composed.supergraph), self.labels)

    async def differences(self, operation: Operation) -> list[str]:
        """Empty where the router is right, or the response is too large to be looked at."""
        session, whole = Session(), Session()
        transport = InProcess(self.subgraphs, session)
        try:
            expected = self.expected(operation, whole)
            plan = self.planner.plan(parse(operation.text, no_location=True), None)
            given = await _answer(plan, operation, transport)
            found = self._compared(expected, given, whole)
            found += self._trespasses(session, whole)
            return found or await self._failing(plan, operation, transport, expected, whole)
        except TooLarge:
            return []
        except Exception:
            return [f"the router fails: {traceback.format_exc(limit=-4)}"]

    def _compared(self, expected: Mapping[str, Any], given: Mapping[str, Any], whole: Session) -> list[str]:
        losses = Losses(expected, given, whole.asked, self.federation, partial=True)
        return losses.differences() if losses.is_given_a_null() else differences(expected, given)

    def _trespasses(self, session: Session, whole: Session) -> list[str]:
        found = [f"trespass: {trespass}" for trespass in session.trespasses]
        return found if whole.done == session.done else [*found, f"mutations: {whole.done}, given {session.done}"]

    async def _failing(
        self, plan: QueryPlan, operation: Operation, before: InProcess, expected: Mapping[str, Any], whole: Session
    ) -> list[str]:
        """The same once more, while one of the requests fails."""
        if not before.asked:
            return []
        seed = f"{self.seed} {operation.text}"
        chance = random.Random(seed)
        doomed, _ = chance.choice(before.asked)
        way = chance.choice(WAYS_OF_ENTITIES if "_entities" in doomed.document else WAYS)
        session = Session()
        given = await _answer(plan, operation, self._where(doomed, way, seed, session))
        least = await _answer(plan, operation, self._where(doomed, nobody_there, seed, Session()))
        silent, partial = way in (an_absent_entity, a_null_without_an_error), way is nulls_with_errors
        losses = Losses(expected, given, whole.asked, self.federation, silent, session.silenced, partial)
        found = losses.differences(least.get("data"))
        found += self._trespasses(session, whole)
        return [f"{way.__name__} in {doomed.subgraph}: {difference}" for difference in found]

    def _where(self, doomed: SubgraphRequest, way: Way, seed: str, session: Session) -> InProcess:
        return Failing(self.subgraphs, session, question(doomed), way, seed)

    def expected(self, operation: Operation, session: Session) -> Mapping[str, Any]:
        result = execute_sync(
            self.schema,
            parse(operation.text, no_location=True),
            variable_values=dict(operation.variables),
            context_value=session,
            field_resolver=self._resolve,
            type_resolver=lambda thing, info, type_: thing.type,
        )
        return orjson.loads(orjson.dumps(result.formatted))  # type: ignore[no-any-return]

    def _resolve(self, thing: Thing | None, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        thing = thing or Thing(info.parent_type.name, "")
        session: Session = info.context
        if len(session.asked) >= MOST_FIELDS:
            raise TooLarge
        session.asked[tuple(info.path.as_list())] = Asked(info.parent_type.name, info.field_name, info.return_type)
        if thing.type == "Mutation":
            return self.world.mutation(info.field_name, arguments, session)
        return self.world.whole(thing, info.field_name, arguments)

    def is_valid(self, operation: Operation) -> bool:
        return not validate(self.schema, parse(operation.text))


async def _answer(plan: QueryPlan, operation: Operation, transport: InProcess) -> Mapping[str, Any]:
    given = await execute(plan, operation.variables, transport)
    return orjson.loads(orjson.dumps(given))  # type: ignore[no-any-return]
