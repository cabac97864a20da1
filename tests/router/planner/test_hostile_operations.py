import time

import pytest
from graphql import parse

from router.planner import Planner, PlanningError
from router.planner.budget import MOST_SECONDS, Budget
from router.planner.distances import Distances
from router.planner.fetches import FetchGraph
from router.planner.graph import Graph, Node
from router.planner.merging import merge_steps
from router.planner.show import show_plan
from router.planner.walk import Walker
from router.supergraph import Supergraph
from tests.router.planner.plans import supergraph_of
from tests.router.planner.trees import TREES, doubling
from tests.router.planner.wide import islands, requiring, ring, shared, union


def test_it_gives_up_an_operation_that_grows_without_end() -> None:
    planner, document = Planner(supergraph_of(TREES)), parse(doubling(25))
    began = time.thread_time()

    with pytest.raises(PlanningError, match="too complex"):
        planner.plan(document, None)

    assert time.thread_time() - began < 5


def test_it_gives_up_comparing_fetches_when_the_time_is_over() -> None:
    supergraph, document = supergraph_of(TREES), parse("{ tree { right { left { right { size } } } } }")
    solution = Planner(supergraph).stages(document, None).solutions[0]
    fetches = FetchGraph(Graph(supergraph), "query", Budget())
    fetches.add(solution)
    fetches.budget = Budget(ends_at=0)

    with pytest.raises(PlanningError, match="too complex"):
        merge_steps(fetches)


def planned(supergraph: Supergraph, text: str) -> int:
    """The number of fetches, found or given up in time."""
    planner, document = Planner(supergraph), parse(text)
    began = time.thread_time()
    try:
        return show_plan(planner.plan(document, None)).count("Fetch ")
    finally:
        assert time.thread_time() - began < 5


def own_fields(count: int) -> str:
    return " ".join(f"f{n}" for n in range(count))


def test_thirty_subgraphs_that_all_lead_on_are_no_maze() -> None:
    own = own_fields(30)

    assert planned(shared(30), f"{{ thing {{ {own} }} }}") == 30
    assert planned(shared(30), "{ thing " + "{ next " * 10 + "{ f7 }" + " }" * 11) == 2
    with pytest.raises(PlanningError, match="too complex"):
        planned(shared(30), "{ thing " + f"{{ {own} next " * 10 + "{ f7 }" + " }" * 11)


def test_it_goes_the_shorter_way_round_from_key_to_key() -> None:
    assert planned(ring(30), "{ thing { f10 } }") == 11
    assert planned(ring(30), "{ thing { f20 } }") == 11


def test_it_sees_at_once_that_nothing_leads_to_a_field() -> None:
    with pytest.raises(PlanningError, match=r"No subgraph resolves Query\.thing\.lost"):
        planned(islands(20), "{ thing { lost } }")


def spent(budget: Budget) -> int:
    """The steps it takes to find the cheapest way round a ring, or any way."""
    before, graph = budget.steps, Graph(ring(10))
    narrowed = Planner(graph.supergraph).stages(parse(f"{{ thing {{ {own_fields(10)} }} }}"), None).operation.fetched
    Walker(graph, Distances(graph), budget).solve(Node("Query", ""), narrowed)
    return before - budget.steps


def test_when_half_the_time_is_over_it_takes_what_it_has_found() -> None:
    assert spent(Budget(ends_at=time.thread_time() + MOST_SECONDS / 3)) < spent(Budget()) / 2


def test_requirements_that_double_at_each_level_are_met_once() -> None:
    assert planned(requiring(30, 3), "{ thing { a2 } }") == 5
    assert planned(requiring(30, 20), "{ thing { a19 } }") == 39


def test_requirements_without_an_end_are_given_up() -> None:
    with pytest.raises(PlanningError, match=r"too complex|too deeply"):
        planned(requiring(30, 200), "{ thing { a199 } }")


def spreading(members: int, levels: int) -> str:
    """At each level every member leads to the next."""
    fragments = (
        f"fragment F{level} on U {{ "
        + " ".join(f"... on M{n} {{ f{n} u {{ ...F{level + 1} }} }}" for n in range(members))
        + " }"
        for level in range(levels)
    )
    return f"{{ u {{ ...F0 }} }} {' '.join(fragments)} fragment F{levels} on U {{ __typename }}"


def test_fragments_on_the_members_of_unions_share_what_lies_below() -> None:
    assert planned(union(5, 3), spreading(5, 4)) == 12
    assert planned(union(20, 3), spreading(20, 2)) == 6


def test_fragments_on_too_many_members_are_given_up() -> None:
    with pytest.raises(PlanningError, match="too complex"):
        planned(union(40, 3), spreading(40, 6))


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
