"""One federated schema with its data: what the router answers beside what the whole schema, executed as one, does."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from graphql import GraphQLResolveInfo, build_schema, execute_sync, parse, validate

from router.executor import execute
from router.planner import Planner
from router.supergraph import read_supergraph
from tests.router.oracle.compare import differences
from tests.router.oracle.composer import Composed
from tests.router.oracle.declared import Federation
from tests.router.oracle.operations import Operation
from tests.router.oracle.subgraphs import InProcess, Subgraph
from tests.router.oracle.world import Chances, Session, Thing, World


@dataclass
class Subject:
    sdls: Mapping[str, str]
    composed: Composed
    seed: int
    chances: Chances

    def __post_init__(self) -> None:
        self.schema = build_schema(self.composed.api)
        self.federation = Federation(self.sdls)
        self.world = World(self.federation, self.schema, self.seed, self.chances)
        self.world.refuse_the_impossible()
        declared = self.federation.subgraphs.items()
        self.subgraphs = {name: Subgraph(name, own, self.world) for name, own in declared}

    @cached_property
    def planner(self) -> Planner:
        return Planner(read_supergraph(self.composed.supergraph))

    async def differences(self, operation: Operation) -> list[str]:
        """Empty where the router is right."""
        session, whole = Session(), Session()
        try:
            given = await self.answer(operation, InProcess(self.subgraphs, session))
        except Exception:
            return [f"the router fails: {traceback.format_exc(limit=-4)}"]
        expected = self.expected(operation, whole)
        found = [f"trespass: {trespass}" for trespass in session.trespasses] + differences(
            expected, given, ordered="(if: $" not in operation.text
        )
        if whole.done != session.done:
            found.append(f"mutations: expected {whole.done}, given {session.done}")
        return found

    async def answer(self, operation: Operation, transport: InProcess) -> Mapping[str, Any]:
        plan = self.planner.plan(parse(operation.text, no_location=True), None)
        given = await execute(plan, operation.variables, transport)
        return orjson.loads(orjson.dumps(given))  # type: ignore[no-any-return]

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
        if thing.type == "Mutation":
            return self.world.mutation(info.field_name, arguments, info.context)
        return self.world.whole(thing, info.field_name, arguments)

    def is_valid(self, operation: Operation) -> bool:
        return not validate(self.schema, parse(operation.text))
