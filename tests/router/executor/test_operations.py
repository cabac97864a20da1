import threading
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from graphql import parse

from router.executor import execute
from router.planner import Planner
from router.transports.base import HEAVY_BYTES, SubgraphRequest, TransportError
from tests.router.executor.subgraphs import PLANNER, Subgraphs, data, entities, events, run
from tests.router.planner.plans import supergraph_of


async def test_fields_come_in_the_order_of_the_query() -> None:
    subgraphs = Subgraphs(
        a=[data({"patient": {"id": "1", "name": "Ada"}})], b=[entities({"owed": 3})], c=[data({"wards": []})]
    )

    answer = await run("{ wards { code } patient { owed name id } __typename }", subgraphs)

    assert list(answer["data"]) == ["wards", "patient", "__typename"]
    assert list(answer["data"]["patient"]) == ["owed", "name", "id"]


@pytest.mark.parametrize(("shown", "order"), [(True, ["patient", "chief"]), (False, ["chief", "patient"])])
async def test_a_field_comes_where_it_first_counts(shown: bool, order: list[str]) -> None:
    patients = data({"patient": {"name": "Ada"}, "chief": {"name": "Eve"}})
    query = "query ($x: Boolean!) { patient @include(if: $x) { name } chief { name } patient { name } }"

    assert list((await run(query, Subgraphs(a=[patients]), x=shown))["data"]) == order


@pytest.mark.parametrize(("shown", "order"), [(True, ["b", "a"]), (False, ["a", "b"])])
async def test_a_mutation_is_run_where_it_first_counts_and_once(shown: bool, order: list[str]) -> None:
    subgraphs = Subgraphs(a=[data({"admit": {"id": "1"}})], b=[data({"charge": 1})])

    answer = await run("mutation ($x: Boolean!) { charge @include(if: $x) admit { id } charge }", subgraphs, x=shown)

    assert subgraphs.subgraphs == order
    assert list(answer["data"]) == (["charge", "admit"] if shown else ["admit", "charge"])


async def test_absent_variables_stay_absent_and_nulls_stay_null() -> None:
    query = (
        "mutation($name: String, $age: Int, $owed: Int) { admit(name: $name, age: $age) { id } charge(amount: $owed) }"
    )
    subgraphs = Subgraphs(a=[data({"admit": None})], b=[data({"charge": 1})])

    await run(query, subgraphs, name=None)

    assert [dict(request.variables) for request in subgraphs.asked] == [{"name": None}, {}]


async def test_mutations_go_on_in_order_after_one_has_failed() -> None:
    subgraphs = Subgraphs(a=[TransportError("down"), data({"second": {"id": "2"}})], b=[data({"charge": 1})])

    answer = await run("mutation { admit { id } charge second: admit { id } }", subgraphs)

    assert subgraphs.subgraphs == ["a", "b", "a"]
    assert answer["data"] == {"admit": None, "charge": 1, "second": {"id": "2"}}


async def test_the_router_answers_questions_about_the_schema() -> None:
    query = """query($n: String!) {
      __typename kind: __typename __type(name: $n) { name fields { name } } n: __schema { queryType { name } }
    }"""
    subgraphs = Subgraphs()

    answer = await run(query, subgraphs, n="Bill")

    assert answer == data(
        {
            "__typename": "Query",
            "kind": "Query",
            "__type": {"name": "Bill", "fields": [{"name": "total"}, {"name": "paid"}]},
            "n": {"queryType": {"name": "Query"}},
        }
    )


async def test_defaults_of_variables_decide_what_is_asked() -> None:
    query = "query($x: Boolean = false) { patient { name owed @include(if: $x) } }"
    subgraphs = Subgraphs(a=[data({"patient": {"name": "Ada"}})])

    assert await run(query, subgraphs) == data({"patient": {"name": "Ada"}})
    assert subgraphs.subgraphs == ["a"]


async def test_each_event_is_completed_from_other_subgraphs() -> None:
    first, second = data({"admitted": {"id": "1"}}), data({"admitted": {"id": "2"}})
    subgraphs = Subgraphs(a=[first, second], b=[entities({"owed": 1}), entities({"owed": 2})])

    answers = await events("subscription { admitted { owed id } }", subgraphs)

    assert answers == [data({"admitted": {"owed": n, "id": str(n)}}) for n in (1, 2)]


async def test_a_stream_that_breaks_ends_with_an_error() -> None:
    subgraphs = Subgraphs(a=[data({"admitted": {"id": "1"}}), TransportError("gone")])

    first, last = await events("subscription { admitted { id } }", subgraphs)

    assert first == data({"admitted": {"id": "1"}})
    assert last["data"] == {"admitted": None}
    assert last["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_an_odd_event_is_contained() -> None:
    subgraphs = Subgraphs(a=[[], data({"admitted": {"id": "1"}})])

    first, second = await events("subscription { admitted { id } }", subgraphs)

    assert first["data"] == {"admitted": None}
    assert second == data({"admitted": {"id": "1"}})


async def test_what_is_absent_at_each_depth_costs_no_more_with_each() -> None:
    """To complete what is below an object twice, for want of a field beside it, would double at each depth."""
    types = """
    type Query @join__type(graph: A) { folder: Folder }
    type Folder @join__type(graph: A) { within: Folder name: String }
    """
    depth, query, folder = 40, "name", dict[str, Any]()
    for _ in range(depth):
        query, folder = f"within {{ {query} }} name", {"within": folder}
    plan = Planner(supergraph_of(types)).plan(parse(f"{{ folder {{ {query} }} }}"), None)

    began = time.process_time()
    answer = await execute(plan, {}, Subgraphs(a=[data({"folder": folder})]))

    assert time.process_time() - began < 1.0
    found = answer["data"]["folder"]
    for _ in range(depth):
        assert found["name"] is None
        found = found["within"]


class Fetched(str):
    """Tells by which thread it is freed."""

    by: list[str] = []

    def __del__(self) -> None:
        self.by.append(threading.current_thread().name)


class Heavy:
    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        request.load.bytes += HEAVY_BYTES + 1
        if request.subgraph == "a":
            return data({"patient": {"id": Fetched("1")}})
        return entities({"owed": 2})

    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[Mapping[str, Any]]:
        yield {}


async def test_a_large_answer_is_freed_by_who_worked_on_it() -> None:
    plan = PLANNER.plan(parse("{ patient { owed } }"), None)

    assert await execute(plan, {}, Heavy()) == data({"patient": {"owed": 2}})
    assert Fetched.by == ["answers_0"]
