"""When a selection counts: @skip and @include by variable, as a disjunction of conjunctions."""

from collections.abc import Mapping
from typing import Any

Clause = frozenset[tuple[str, bool]]
Condition = frozenset[Clause]

ALWAYS: Condition = frozenset([frozenset()])
NEVER: Condition = frozenset()
MOST_CLAUSES = 16


def variable(name: str, value: bool) -> Condition:
    return frozenset([frozenset([(name, value)])])


def either(left: Condition, right: Condition) -> Condition:
    if left in (right, NEVER):
        return right
    if right == NEVER:
        return left
    return ALWAYS if ALWAYS in (left, right) else _simplified(left | right)


def both(left: Condition, right: Condition) -> Condition:
    if left in (ALWAYS, right):
        return right
    if right == ALWAYS:
        return left
    return _simplified(frozenset(a | b for a in left for b in right if not _contradict(a, b)))


def holds(condition: Condition, variables: Mapping[str, Any]) -> bool:
    return any(all(bool(variables.get(name)) is value for name, value in clause) for clause in condition)


def variables_of(condition: Condition) -> frozenset[str]:
    return frozenset(name for clause in condition for name, _ in clause)


def _contradict(left: Clause, right: Clause) -> bool:
    return any((name, not value) in right for name, value in left)


def _simplified(condition: Condition) -> Condition:
    """Drops what another clause covers. Too many clauses count as always: the shape leaves out what is too much."""
    least = frozenset(clause for clause in condition if not any(other < clause for other in condition))
    if any(len(clause) == 1 and frozenset((n, not v) for n, v in clause) in least for clause in least):
        return ALWAYS
    return ALWAYS if len(least) > MOST_CLAUSES else least
