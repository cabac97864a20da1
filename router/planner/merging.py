"""Fewer fetches: steps that ask the same subgraph become one, until no two are left that can.

Two steps can be one when neither waits for the other. Those that complete the same objects always are; others only
if the longest chain of steps grows no longer.
"""

from itertools import combinations

from router.planner.budget import Budget
from router.planner.fetches import FetchGraph, Step
from router.planner.nodes import Path, PathStep

Steps = dict[int, Step]


def merge_steps(fetches: FetchGraph) -> None:
    steps = fetches.steps
    _merge_levels(steps, fetches.budget)
    while _merge_across(steps, fetches.budget):
        fetches.budget.spend(len(steps))
        _merge_levels(steps, fetches.budget)


def _merge_levels(steps: Steps, budget: Budget) -> None:
    """Steps at one level wait for none of each other, and as one they are still at that level."""
    kept: dict[tuple[str, int], list[Step]] = {}
    replaced: dict[int, int] = {}
    for number, level in levels(steps).items():
        budget.spend(0)
        step = steps[number]
        others = kept.setdefault((step.subgraph, level), [])
        first = next((other for other in others if _compatible(other, step)), None)
        if first:
            first.take(steps.pop(number))
            replaced[number] = first.number
        else:
            others.append(step)
    for step in steps.values():
        step.after = {replaced.get(number, number) for number in step.after}


def _merge_across(steps: Steps, budget: Budget) -> bool:
    """Merges two steps of different levels, if there are two that can be."""
    pairs = [(a, b) for a, b in combinations(steps.values(), 2) if a.subgraph == b.subgraph and _compatible(a, b)]
    for worth in (_completes_the_same, lambda a, b: _lengthens_nothing(steps, a, b)):
        for first, second in pairs:
            budget.spend(0)
            if _independent(steps, first, second) and worth(first, second):
                first.take(second)
                _redirect(steps, first.number, second.number)
                return True
    return False


def _compatible(first: Step, second: Step) -> bool:
    if first.block != second.block:
        return False
    if not first.is_root or not second.is_root:
        return first.is_root is second.is_root
    left, right = first.calls[0], second.calls[0]
    return left.path == right.path and first.operation == second.operation and left.branch.agrees(right.branch)


def _completes_the_same(first: Step, second: Step) -> bool:
    return bool({base(call.path) for call in first.calls} & {base(call.path) for call in second.calls})


def _lengthens_nothing(steps: Steps, first: Step, second: Step) -> bool:
    before = max(levels(steps).values())
    merged = {number: Step(number, s.subgraph, s.operation, s.calls, set(s.after)) for number, s in steps.items()}
    merged[first.number].after |= second.after
    _redirect(merged, first.number, second.number)
    return max(levels(merged).values()) <= before


def _independent(steps: Steps, first: Step, second: Step) -> bool:
    return not (_waits(steps, first, second.number) or _waits(steps, second, first.number))


def _waits(steps: Steps, step: Step, other: int) -> bool:
    seen: set[int] = set()
    waiting = list(step.after)
    while waiting:
        number = waiting.pop()
        if number == other:
            return True
        if number not in seen:
            seen.add(number)
            waiting.extend(steps[number].after)
    return False


def levels(steps: Steps) -> dict[int, int]:
    """How many steps at least come before each."""
    found: dict[int, int] = {}

    def level(number: int) -> int:
        if number not in found:
            found[number] = 1 + max((level(before) for before in steps[number].after), default=-1)
        return found[number]

    for number in steps:
        level(number)
    return found


def _redirect(steps: Steps, kept: int, dropped: int) -> None:
    del steps[dropped]
    for step in steps.values():
        if dropped in step.after:
            step.after.remove(dropped)
            step.after.add(kept)


def base(path: Path) -> Path:
    """The path without the types at its end: where the objects are, whatever they are."""
    return (*path[:-1], PathStep(path[-1].key)) if path else path
