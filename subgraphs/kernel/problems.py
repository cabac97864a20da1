"""The problems of an input, told all together."""

from collections.abc import Callable, Mapping
from typing import Any

from subgraphs.kernel.errors import Problem, Refused


def checked(rules: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """What each rule gives, by name. Raises Refused with the problems of all of them."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for name, rule in rules.items():
        try:
            values[name] = rule()
        except Refused as refused:
            problems.extend(refused.problems)
    if problems:
        raise Refused(*problems)
    return values
