"""What the router answers itself: questions about the public schema."""

from graphql import execute_sync

from router.executor.run import Run
from router.planner.introspection import ASKED
from router.planner.nodes import QueryPlan


def introspect(plan: QueryPlan, run: Run) -> None:
    assert plan.introspection is not None
    result = execute_sync(plan.schema, plan.introspection, variable_values=dict(run.variables))
    run.errors.extend(dict(error.formatted) for error in result.errors or ())
    data = result.data or {}
    run.data.update({f.key: data.get(f.response_key) for f in plan.selections if f.name in ASKED})
