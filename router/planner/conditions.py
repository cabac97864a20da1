"""When a selection counts: @skip and @include by variable, as a disjunction of conjunctions."""

from collections.abc import Mapping
from typing import Any

from router.planner.errors import PlanningError

Clause = frozenset[tuple[str, bool]]
Condition = frozenset[Clause]

ALWAYS: Condition = frozenset([frozenset()])
NEVER: Condition = frozenset()
MOST_CLAUSES = 64


def variable(name: str, value: bool) -> Condition:
    return frozenset([frozenset([(name, value)])])


def either(left: Condition, right: Condition) -> Condition:
    if left in (right, NEVER):
        return right
    if right == NEVER:
        return left
    return ALWAYS if ALWAYS in (left, right) else _simplified(left | right)


def widened(left: Condition, right: Condition) -> Condition:
    """Either, or always where that might be too many clauses."""
    return either(left, right) if len(left) + len(right) <= MOST_CLAUSES else ALWAYS


def both(left: Condition, right: Condition) -> Condition:
    if left in (ALWAYS, right):
        return right
    if right == ALWAYS:
        return left
    return _simplified(frozenset(a | b for a in left for b in right if not _contradict(a, b)))


def narrowed(given: Condition, condition: Condition) -> Condition:
    """Both; the condition alone where that might be too many clauses."""
    return both(given, condition) if len(given) * len(condition) <= MOST_CLAUSES else condition


def left_of(condition: Condition, given: Condition) -> Condition:
    """What of a condition is still to be asked where a part of it is given."""
    if given == ALWAYS:
        return condition
    parts = frozenset(clause - known for clause in condition for known in given if known <= clause)
    if len(given) * len(parts) > MOST_CLAUSES:
        return condition
    left = _simplified(parts)
    return left if both(given, left) == condition else condition


def unless(condition: Condition) -> Condition:
    found = ALWAYS
    for clause in condition:
        found = both(found, _simplified(frozenset(frozenset([(name, not value)]) for name, value in clause)))
    return found


def holds(condition: Condition, variables: Mapping[str, Any]) -> bool:
    return any(all(bool(variables.get(name)) is value for name, value in clause) for clause in condition)


def variables_of(condition: Condition) -> frozenset[str]:
    return frozenset(name for clause in condition for name, _ in clause)


def _contradict(left: Clause, right: Clause) -> bool:
    return any((name, not value) in right for name, value in left)


def _simplified(condition: Condition) -> Condition:
    """Drops what another clause covers."""
    least: list[Clause] = []
    for clause in sorted(condition, key=len):
        if not any(other < clause for other in least):
            least.append(clause)
            _refuse_many(least)
    found = frozenset(least)
    return ALWAYS if any(len(c) == 1 and frozenset((n, not v) for n, v in c) in found for c in least) else found


def _refuse_many(clauses: list[Clause]) -> None:
    if len(clauses) > MOST_CLAUSES:
        raise PlanningError(f"A field is asked for under more than {MOST_CLAUSES} conditions.")
