import time

import pytest
from graphql import parse

from router.planner import Planner, PlanningError
from tests.router.planner.plans import supergraph_of

TREES = """
type Query @join__type(graph: A) @join__type(graph: B) { tree: Tree @join__field(graph: A) }
type Tree @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  left: Tree @join__field(graph: A)
  right: Tree @join__field(graph: B)
  size: Int @join__field(graph: B)
}
"""


def doubling(levels: int) -> str:
    """A short text that stands for two to the power of `levels` fields."""
    fragments = (
        f"fragment F{n} on Tree {{ a: right {{ ...F{n + 1} }} b: left {{ ...F{n + 1} }} }}" for n in range(levels)
    )
    return f"{{ tree {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on Tree {{ size }}"


def test_it_gives_up_an_operation_that_grows_without_end() -> None:
    planner, document = Planner(supergraph_of(TREES)), parse(doubling(25))
    began = time.monotonic()

    with pytest.raises(PlanningError, match="too complex"):
        planner.plan(document, None)

    assert time.monotonic() - began < 5


def test_it_gives_up_an_operation_that_is_too_deep() -> None:
    text = "{ tree " + "{ left " * 150 + "{ id }" + " }" * 151

    with pytest.raises(PlanningError, match="levels deep"):
        Planner(supergraph_of(TREES)).plan(parse(text), None)


def test_fragments_that_spread_each_other_twice_cost_nothing() -> None:
    fragments = (f"fragment F{n} on Tree {{ ...F{n + 1} ...F{n + 1} }}" for n in range(25))
    text = f"{{ tree {{ ...F0 }} }} {' '.join(fragments)} fragment F25 on Tree {{ size }}"

    assert Planner(supergraph_of(TREES)).plan(parse(text), None).root is not None


def test_many_fields_of_many_subgraphs_are_planned_at_once() -> None:
    fields = " ".join(f"t{n}: tree {{ right {{ size left {{ size }} }} }}" for n in range(50))
    began = time.monotonic()

    Planner(supergraph_of(TREES)).plan(parse(f"{{ {fields} }}"), None)

    assert time.monotonic() - began < 5


def test_it_says_which_operation_it_cannot_pick() -> None:
    planner, document = Planner(supergraph_of(TREES)), parse("query A { tree { id } } query B { tree { id } }")

    with pytest.raises(PlanningError, match="several operations"):
        planner.plan(document, None)
    with pytest.raises(PlanningError, match="no operation named C"):
        planner.plan(document, "C")
