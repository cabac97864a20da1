"""From an operation to a plan of subgraph requests."""

from router.planner.errors import PlanningError
from router.planner.nodes import QueryPlan
from router.planner.planner import Planner

__all__ = ["Planner", "PlanningError", "QueryPlan"]
