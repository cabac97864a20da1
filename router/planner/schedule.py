"""From the fetch graph to plan nodes: what can run side by side does, what waits comes after."""

from collections.abc import Mapping
from collections.abc import Sequence as Items

from router.planner.conditions import ALWAYS, Condition, widened
from router.planner.fetches import Step
from router.planner.nodes import Conditional, Milestone, Parallel, PlanNode, Sequence
from router.planner.writing import FetchWriter


class Scheduler:
    def __init__(self, writer: FetchWriter, milestones: Mapping[Step, int] | None = None) -> None:
        """`milestones` are the steps that others wait for which are scheduled apart."""
        self.writer, self.milestones = writer, milestones or {}

    def schedule(self, steps: Items[Step]) -> PlanNode | None:
        groups = _connected(steps)
        return parallel([node for group in groups if (node := self._chain(group))])

    def _chain(self, steps: Items[Step]) -> PlanNode | None:
        """Steps that hang together: those that wait for none of them, and then the rest."""
        numbers = {step.number for step in steps}
        first = [step for step in steps if not step.after & numbers]
        rest = [step for step in steps if step.after & numbers]
        nodes = [parallel([self._node(step) for step in first]), self.schedule(rest) if rest else None]
        return sequence([node for node in nodes if node])

    def _node(self, step: Step) -> PlanNode:
        condition = condition_of(step)
        fetch = self.writer.fetch(step, condition)
        node = fetch if condition == ALWAYS else Conditional(condition, fetch)
        return Milestone(self.milestones[step], node) if step in self.milestones else node


def condition_of(step: Step) -> Condition:
    condition = step.calls[0].condition
    for call in step.calls[1:]:
        condition = widened(condition, call.condition)
    return condition


def parallel(nodes: Items[PlanNode]) -> PlanNode | None:
    return nodes[0] if len(nodes) == 1 else Parallel(tuple(nodes)) if nodes else None


def sequence(nodes: Items[PlanNode]) -> PlanNode | None:
    flat: list[PlanNode] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Sequence) else (node,))
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat)) if flat else None


def _connected(steps: Items[Step]) -> list[list[Step]]:
    """Groups of steps, none of which waits for a step of another group."""
    groups: list[list[Step]] = []
    for step in steps:
        linked = [group for group in groups if any(_linked(step, other) for other in group)]
        groups = [group for group in groups if group not in linked]
        groups.append([*(other for group in linked for other in group), step])
    return groups


def _linked(step: Step, other: Step) -> bool:
    return other.number in step.after or step.number in other.after
