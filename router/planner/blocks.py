"""From the fetch graphs of an operation that defers to its plan: what each block fetches, and what it waits for."""

from collections.abc import Iterable

from router.planner.deferral import PRIMARY, Block, Blocks, at_place, leading_to, told_by
from router.planner.fetches import FetchGraph, Step
from router.planner.nodes import Defer, Deferred, PlanNode
from router.planner.operation import Operation
from router.planner.schedule import Scheduler, sequence
from router.planner.writing import FetchWriter


class BlockPlanner:
    def __init__(self, operation: Operation, blocks: Blocks, graphs: tuple[FetchGraph, ...]) -> None:
        self.operation, self.blocks, self.graphs = operation, blocks, graphs
        self.milestones = _milestones(graphs)
        self.scheduler = Scheduler(FetchWriter(operation.declared), self.milestones)

    def plan(self) -> Defer:
        blocks = tuple(self._deferred(block) for block in self.blocks.found.values())
        return Defer(self._node(PRIMARY), blocks, self.operation.selections)

    def _deferred(self, block: Block) -> Deferred:
        whole = self.operation.selections
        return Deferred(
            number=block.number,
            parent=block.parent,
            label=block.label,
            place=block.place,
            type_name=block.type_name,
            on=block.on,
            selections=told_by(at_place(whole, block.place), block.number),
            from_root=leading_to(whole, block.number),
            node=self._node(block.number),
            after=self._after(block.number),
            borrows=frozenset(block.borrows),
        )

    def _node(self, number: int) -> PlanNode | None:
        nodes = [self.scheduler.schedule(steps) for graph in self.graphs if (steps := _steps_of(graph, number))]
        return sequence([node for node in nodes if node])

    def _after(self, number: int) -> frozenset[int]:
        waited = (other for graph in self.graphs for step in _steps_of(graph, number) for other in _others(graph, step))
        return frozenset(self.milestones[other] for other in waited)


def _steps_of(graph: FetchGraph, block: int) -> list[Step]:
    return [step for step in graph.steps.values() if step.block == block]


def _others(graph: FetchGraph, step: Step) -> Iterable[Step]:
    """The steps of other blocks that it waits for."""
    return (graph.steps[n] for n in sorted(step.after) if graph.steps[n].block != step.block)


def _milestones(graphs: tuple[FetchGraph, ...]) -> dict[Step, int]:
    waited = dict.fromkeys(o for graph in graphs for step in graph.steps.values() for o in _others(graph, step))
    return {step: number for number, step in enumerate(waited)}
