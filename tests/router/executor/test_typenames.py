"""`__typename`, asked by the client under any name and condition, beside what the router asks for itself."""

from typing import Any

import pytest
from graphql import parse

from router.executor import execute
from router.planner import Planner
from tests.router.executor.subgraphs import Subgraphs, data
from tests.router.planner.plans import supergraph_of

FINDINGS = """
type Query @join__type(graph: A) { finding: Finding resource: Resource certain: Resource! }
interface Resource @join__type(graph: A) { id: ID }
union Finding @join__type(graph: A) @join__unionMember(graph: A, member: "Scan") = Scan
type Scan implements Resource @join__type(graph: A) @join__implements(graph: A, interface: "Resource") { id: ID }
"""
PLANNER = Planner(supergraph_of(FINDINGS))


async def answered(query: str, given: dict[str, Any], **variables: Any) -> tuple[Any, str]:
    """The answer, and what the subgraph was asked."""
    subgraphs = Subgraphs(a=[data(given)])
    answer = await execute(PLANNER.plan(parse(query), None), variables, subgraphs)
    return answer, subgraphs.asked[0].document


async def test_a_union_of_which_only_the_type_is_asked_under_another_name_is_not_lost() -> None:
    given = {"finding": {"kind": "Scan", "__typename": "Scan"}}

    answer, asked = await answered("{ finding { kind: __typename } }", given)

    assert answer == data({"finding": {"kind": "Scan"}})
    assert asked == "{ finding { kind: __typename __typename } }"


@pytest.mark.parametrize("shown", [True, False])
async def test_a_union_of_which_nothing_is_asked_for_now_is_an_empty_object(shown: bool) -> None:
    query = "query ($shown: Boolean!) { finding { __typename @include(if: $shown) } }"

    answer, asked = await answered(query, {"finding": {"__typename": "Scan"}}, shown=shown)

    assert answer == data({"finding": {"__typename": "Scan"} if shown else {}})
    assert asked == "{ finding { __typename } }"


@pytest.mark.parametrize("shown", [True, False])
async def test_a_type_is_told_only_if_asked_though_the_router_needs_it(shown: bool) -> None:
    query = "query ($shown: Boolean!) { resource { __typename @include(if: $shown) ... on Scan { id } } }"

    answer, _ = await answered(query, {"resource": {"__typename": "Scan", "id": "1"}}, shown=shown)

    assert answer == data({"resource": {"__typename": "Scan", "id": "1"} if shown else {"id": "1"}})


async def test_an_object_whose_type_is_not_known_is_null_if_its_type_is_asked() -> None:
    answer, _ = await answered("{ resource { __typename id } }", {"resource": {"id": "1"}})

    assert answer["data"] == {"resource": None}


async def test_where_it_may_not_be_null_that_is_an_error() -> None:
    answer, _ = await answered("{ certain { __typename id } }", {"certain": {"id": "1"}})

    assert answer["data"] is None
    assert [error["path"] for error in answer["errors"]] == [["certain"]]
