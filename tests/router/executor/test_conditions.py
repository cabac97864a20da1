"""What is switched off is neither asked for nor shown, however many switches there are."""

import pytest
from graphql import parse

from router.executor import execute
from router.planner import Planner, PlanningError
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

    with pytest.raises(PlanningError, match="too many conditions within one another"):
        Planner(supergraph_of(TREES)).plan(parse(f"query ({declared}) {{ tree {inner} }}"), None)


def test_a_few_switches_at_each_of_many_levels_are_no_reason_to_refuse() -> None:
    inner, declared = "{ id }", []
    for level in range(7):
        names = [f"l{level}v{number}" for number in range(2)]
        inner = (
            "{ "
            + " ".join(f"left @include(if: ${name}) {inner if name is names[0] else '{ id }'}" for name in names)
            + " }"
        )
        declared += [f"${name}: Boolean!" for name in names]

    assert Planner(supergraph_of(TREES)).plan(parse(f"query ({', '.join(declared)}) {{ tree {inner} }}"), None).root


async def test_a_type_that_is_fetched_for_the_router_is_only_told_if_it_is_asked_for() -> None:
    query = "query($on: Boolean!) { staff { __typename @skip(if: $on) ... on Nurse { name } } }"

    answer = await execute(CLINIC_PLANNER.plan(parse(query), None), {"on": True}, Clinic())

    assert answer == data({"staff": [{}, {"name": "Flo"}, {"name": "Max"}]})
