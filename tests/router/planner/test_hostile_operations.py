import time

import pytest
from graphql import parse

from router.planner import Planner, PlanningError
from tests.router.planner.plans import supergraph_of
from tests.router.planner.trees import TREES, doubling


def test_it_gives_up_an_operation_that_grows_without_end() -> None:
    planner, document = Planner(supergraph_of(TREES)), parse(doubling(25))
    began = time.thread_time()

    with pytest.raises(PlanningError, match="too complex"):
        planner.plan(document, None)

    assert time.thread_time() - began < 5


def test_it_gives_up_fetches_that_are_too_many_to_compare() -> None:
    planner, document = Planner(supergraph_of(TREES)), parse(doubling(13))
    began = time.thread_time()

    with pytest.raises(PlanningError, match="too complex"):
        planner.plan(document, None)

    assert time.thread_time() - began < 5


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
    began = time.thread_time()

    Planner(supergraph_of(TREES)).plan(parse(f"{{ {fields} }}"), None)

    assert time.thread_time() - began < 5


def test_it_says_which_operation_it_cannot_pick() -> None:
    planner, document = Planner(supergraph_of(TREES)), parse("query A { tree { id } } query B { tree { id } }")

    with pytest.raises(PlanningError, match="several operations"):
        planner.plan(document, None)
    with pytest.raises(PlanningError, match="no operation named C"):
        planner.plan(document, "C")
