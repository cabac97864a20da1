from typing import Any

import pytest
from graphql import GraphQLInt, GraphQLNonNull, GraphQLObjectType

from tests.router.oracle.declared import Federation
from tests.router.oracle.losses import Asked, Losses

WARD = GraphQLObjectType("Ward", {})
ASKED = {
    ("ward",): Asked("Query", "ward", WARD),
    ("ward", "beds"): Asked("Ward", "beds", GraphQLInt),
    ("ward", "free"): Asked("Ward", "free", GraphQLNonNull(GraphQLInt)),
    ("ward", "price"): Asked("Ward", "price", GraphQLInt),
}
FEDERATION = Federation({"a": 'type Ward { beds: Int @external price: Int @requires(fields: "beds") }'})
EXPECTED: dict[str, Any] = {"data": {"ward": {"beds": 3, "free": 1, "price": 2}}}


def losses(data: Any, *paths: list[str | int], silent: bool = False) -> list[str]:
    given = {"data": data, "errors": [{"path": path} for path in paths]}
    return Losses(EXPECTED, given, ASKED, FEDERATION, silent=silent).differences()


def ward(**changed: Any) -> dict[str, Any]:
    return {"ward": EXPECTED["data"]["ward"] | changed}


def test_a_null_with_an_error_may_be() -> None:
    assert losses(ward(beds=None), ["ward", "beds"]) == []


def test_a_null_may_be_as_far_out_as_the_schema_carries_it() -> None:
    assert losses({"ward": None}, ["ward", "free"]) == []


def test_what_was_given_a_null_may_be_otherwise() -> None:
    assert losses(ward(beds=None, price=7), ["ward", "beds"]) == []


def test_a_subgraph_that_is_silent_owes_no_error() -> None:
    assert losses(ward(beds=None), silent=True) == []


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (ward(beds=4), ["ward", "beds"]),
        (ward(beds=None), ["ward", "free"]),
        ({"ward": None}, ["ward", "beds"]),
        (None, ["ward", "free"]),
        (ward(price=None), ["elsewhere"]),
        (ward(), ["ward", "free", "id"]),
        (ward(beds=None, price=None), ["ward", "beds"]),
        ({"ward": {"free": 1, "beds": 3, "price": 2}}, ["ward"]),
    ],
)
def test_it_tells_what_is_lost_without_need(data: Any, path: list[str | int]) -> None:
    assert losses(data, path)
