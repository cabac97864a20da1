"""The cost of an operation: one point a field, times the page sizes of the lists above it."""

from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any, TypeAlias

from graphql import IntValueNode, OperationDefinitionNode

Cost: TypeAlias = Mapping[tuple[str, ...], int]
"""A polynomial: what the variables of each key multiply, and by what. `{("n",): 3, (): 1}` is 3n + 1."""

HUGE = 10**9


def as_page_size(value: object, otherwise: int) -> int:
    if not isinstance(value, IntValueNode):
        return otherwise
    return max(1, int(value.value)) if len(value.value) < 10 else HUGE


def times(cost: Counter[tuple[str, ...]], factor: int | str) -> Counter[tuple[str, ...]]:
    if isinstance(factor, int):
        return Counter({names: weight * factor for names, weight in cost.items()})
    return Counter({(*names, factor): weight for names, weight in cost.items()})


def page_sizes(operation: OperationDefinitionNode, cost: Cost, assumed: int) -> Mapping[str, int]:
    """What each page-size variable counts as when the client leaves it out."""
    declared = {
        definition.variable.name.value: as_page_size(definition.default_value, assumed)
        for definition in operation.variable_definitions or ()
    }
    return {name: declared.get(name, assumed) for names in cost for name in names}


def cost_of(cost: Cost, defaults: Mapping[str, int], variables: Mapping[str, Any], assumed: int) -> int:
    sizes = {name: size_of(variables.get(name, default), assumed) for name, default in defaults.items()}
    return sum(weight * prod(sizes[name] for name in names) for names, weight in cost.items())


def size_of(value: object, otherwise: int) -> int:
    """JSON's 1000.0 and 1e3 are whole numbers to GraphQL. For a null, what is declared does not hold."""
    return max(1, int(value)) if isinstance(value, int | float) else otherwise
