"""What the router answers itself: questions about the public schema. That of a large one takes 30 ms and more."""

from graphql import execute_sync

from router.aside import Aside
from router.errors import ErrorCode, coded
from router.executor.run import Run
from router.planner.introspection import ASKED
from router.planner.nodes import QueryPlan

_aside = Aside("introspection")


async def introspect(plan: QueryPlan, run: Run) -> None:
    await _aside(_introspect, plan, run)


def _introspect(plan: QueryPlan, run: Run) -> None:
    assert plan.introspection is not None
    result = execute_sync(plan.schema, plan.introspection, variable_values=dict(run.variables))
    # All that can be wrong with it by now is a value: a null in a variable that a nested @include reads.
    run.errors.extend(dict(coded(error, ErrorCode.BAD_USER_INPUT).formatted) for error in result.errors or ())
    data = result.data or {}
    run.data.update({f.key: data.get(f.response_key) for f in plan.everything if f.name in ASKED})
