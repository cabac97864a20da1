"""Why an operation cannot be planned."""


class PlanningError(Exception):
    """The operation has no plan: a field no subgraph resolves, or an operation too large to plan."""
