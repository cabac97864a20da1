"""What is switched off is neither asked for nor shown, however many switches there are."""

import pytest
from graphql import parse

from router.executor import execute
from router.planner import Planner, PlanningError
from router.planner.conditions import ALWAYS, Clause, Condition, left_of, narrowed, widened
from router.planner.nodes import Conditional, Fetch
from tests.router.executor.clinic import PLANNER as CLINIC_PLANNER
from tests.router.executor.clinic import Clinic
from tests.router.executor.subgraphs import PLANNER, Subgraphs, data, entities, run
from tests.router.planner.plans import supergraph_of
from tests.router.planner.trees import TREES


def switched(count: int, field: str, kind: str = "query") -> str:
    names = [f"v{number}" for number in range(count)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    head, _, tail = field.partition(" ")
    return f"{kind} ({declared}) {{ {' '.join(f'{head} @include(if: ${name}) {tail}' for name in names)} }}"


def one(*names: str) -> Clause:
    return frozenset((name, True) for name in names)


def switches(count: int, *on: int) -> dict[str, bool]:
    return {f"v{number}": number in on for number in range(count)}


async def test_a_field_that_many_switches_turn_off_is_not_shown() -> None:
    subgraphs = Subgraphs()

    assert await run(switched(40, "patient { name }"), subgraphs, **switches(40)) == data({})
    assert subgraphs.asked == []


async def test_a_mutation_that_many_switches_turn_off_is_not_run() -> None:
    subgraphs = Subgraphs()

    assert await run(switched(40, "admit { name }", "mutation"), subgraphs, **switches(40)) == data({})
    assert subgraphs.asked == []


async def test_one_of_many_switches_is_enough() -> None:
    subgraphs = Subgraphs(a=[data({"patient": {"id": "1"}})], b=[entities({"owed": 3})])

    answer = await run(switched(40, "patient { owed }"), subgraphs, **switches(40, 39))

    assert answer == data({"patient": {"owed": 3}})


def test_too_many_switches_of_one_field_are_refused() -> None:
    with pytest.raises(PlanningError, match="more than 64 conditions"):
        PLANNER.plan(parse(switched(65, "patient { name }")), None)


def test_switches_at_every_level_do_not_make_a_document_without_end() -> None:
    inner, names = "{ id }", [[f"l{level}v{number}" for number in range(8)] for level in range(6)]
    for first, *others in names:
        beside = " ".join(f"left @include(if: ${name}) {{ id }}" for name in others)
        inner = f"{{ left @include(if: ${first}) {inner} {beside} }}"
    declared = ", ".join(f"${name}: Boolean!" for level in names for name in level)

    plan = Planner(supergraph_of(TREES)).plan(parse(f"query ({declared}) {{ tree {inner} }}"), None)

    assert isinstance(plan.root, Fetch)
    assert len(plan.root.document) < 20_000


@pytest.mark.parametrize("count", [9, 40])
def test_what_is_below_a_field_of_many_switches_is_asked_once_in_each_of_them(count: int) -> None:
    below = switched(count, "tree { left { left { left { id } } } }")

    plan = Planner(supergraph_of(TREES)).plan(parse(below), None)

    assert isinstance(plan.root, Conditional)
    assert isinstance(plan.root.node, Fetch)
    assert plan.root.node.document == "{ tree { left { left { left { id } } } } }"


async def test_a_field_that_would_be_written_too_often_is_asked_in_vain_and_not_shown() -> None:
    inner = switched(20, "owed").partition(" {")[2].rstrip(" }")
    declared = ", ".join(f"$v{number}: Boolean!" for number in range(20))
    subgraphs = Subgraphs(a=[data({"patient": {"id": "1", "name": "Ada"}})])

    document = f"query ({declared}) {{ patient {{ id {inner.replace('owed', 'name')} }} }}"

    assert await run(document, subgraphs, **switches(20)) == data({"patient": {"id": "1"}})
    assert [request.document for request in subgraphs.asked] == ["{ patient { id name } }"]


def any_of(letter: str, count: int) -> Condition:
    return frozenset(one(f"{letter}{number}") for number in range(count))


def test_what_holds_around_a_condition_is_part_of_it_unless_that_may_be_too_many_clauses() -> None:
    assert len(narrowed(any_of("a", 8), any_of("b", 8))) == 64
    assert narrowed(any_of("a", 9), any_of("b", 9)) == any_of("b", 9)


def test_conditions_that_share_a_request_are_none_if_they_may_be_too_many_clauses() -> None:
    assert widened(any_of("a", 32), any_of("b", 32)) == any_of("a", 32) | any_of("b", 32)
    assert widened(any_of("a", 33), any_of("b", 32)) == ALWAYS


def test_what_is_given_already_is_looked_for_in_a_few_conditions_only() -> None:
    given = [one("v1", "v2"), one("v1", "v3"), one("v2", "v3"), *(one(f"d{number}") for number in range(5))]
    condition = [one("v1", "v2", "v3", f"b{number}") for number in range(8)]

    assert left_of(frozenset(condition), frozenset(given)) == frozenset(condition)


async def test_a_type_that_is_fetched_for_the_router_is_only_told_if_it_is_asked_for() -> None:
    query = "query($on: Boolean!) { staff { __typename @skip(if: $on) ... on Nurse { name } } }"

    answer = await execute(CLINIC_PLANNER.plan(parse(query), None), {"on": True}, Clinic())

    assert answer == data({"staff": [{}, {"name": "Flo"}, {"name": "Max"}]})
