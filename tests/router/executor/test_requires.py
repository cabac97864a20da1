"""Fields that need others of their object, where those cannot be had."""

from typing import Any

import pytest
from graphql import parse

from router.executor import execute
from router.planner import Planner
from router.transports.base import TransportError
from tests.router.executor.subgraphs import Subgraphs, data, entities
from tests.router.planner.plans import supergraph_of

PARCELS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  parcels: [Parcel] @join__field(graph: A)
}
type Parcel @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  weight: Int @join__field(graph: B) @join__field(graph: C, external: true)
  stock: Stock @join__field(graph: C)
  postage: Int @join__field(graph: C, requires: "weight")
}
type Stock @join__type(graph: C) { count: Int }
"""
PLANNER = Planner(supergraph_of(PARCELS))


def two() -> dict[str, Any]:
    return data({"parcels": [{"id": "1"}, {"id": "2"}]})


async def run(query: str, subgraphs: Subgraphs, **variables: Any) -> dict[str, Any]:
    return await execute(PLANNER.plan(parse(query), None), variables, subgraphs)


async def test_what_needs_nothing_is_asked_of_those_that_lack_what_another_field_needs() -> None:
    plain = entities({"stock": {"count": 7}}, {"stock": {"count": 8}})
    subgraphs = Subgraphs(a=[two()], b=[TransportError("down")], c=[plain])

    answer = await run("{ parcels { stock { count } postage } }", subgraphs)

    assert answer["data"] == {"parcels": [{"stock": {"count": n}, "postage": None} for n in (7, 8)]}
    assert "postage" not in subgraphs.asked[-1].document
    assert subgraphs.representations[-1] == [{"__typename": "Parcel", "id": i} for i in "12"]


async def test_those_that_lack_nothing_are_asked_for_all() -> None:
    whole = entities({"stock": None, "postage": 3})
    subgraphs = Subgraphs(a=[two()], b=[entities({"weight": 9}, None)], c=[whole, entities({"stock": {"count": 8}})])

    answer = await run("{ parcels { postage stock { count } } }", subgraphs)

    assert answer == data({"parcels": [{"postage": 3, "stock": None}, {"postage": None, "stock": {"count": 8}}]})
    assert subgraphs.representations[1:] == [
        [{"__typename": "Parcel", "id": "1", "weight": 9}],
        [{"__typename": "Parcel", "id": "2"}],
    ]


async def test_a_null_that_is_needed_is_sent() -> None:
    subgraphs = Subgraphs(a=[two()], b=[entities({"weight": None}, {"weight": 1})], c=[entities({}, {"postage": 3})])

    answer = await run("{ parcels { postage } }", subgraphs)

    assert answer == data({"parcels": [{"postage": None}, {"postage": 3}]})
    assert subgraphs.representations[1][0] == {"__typename": "Parcel", "id": "1", "weight": None}


async def test_who_asks_only_for_what_cannot_be_had_asks_no_more() -> None:
    subgraphs = Subgraphs(a=[two()], b=[TransportError("down")])

    answer = await run("{ parcels { postage } }", subgraphs)

    assert answer["data"] == {"parcels": [{"postage": None}, {"postage": None}]}
    assert subgraphs.subgraphs == ["a", "b"]


@pytest.mark.parametrize("on", ["x", "y"])
async def test_fields_of_one_request_under_different_conditions_lose_none(on: str) -> None:
    query = """query ($x: Boolean!, $y: Boolean!) {
      parcels { ... @include(if: $x) { stock { count } } ... @include(if: $y) { postage } }
    }"""
    subgraphs = Subgraphs(
        a=[data({"parcels": [{"id": "1"}]})],
        b=[entities({"weight": 9})],
        c=[entities({"stock": {"count": 7}} if on == "x" else {"postage": 3})],
    )

    answer = await run(query, subgraphs, x=on == "x", y=on == "y")

    assert answer == data({"parcels": [{"stock": {"count": 7}} if on == "x" else {"postage": 3}]})
