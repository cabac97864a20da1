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


def losses(
    data: Any, *paths: list[str | int], silent: bool = False, silenced: str | None = None, least: Any = None
) -> list[str]:
    given = {"data": data, "errors": [{"path": path} for path in paths]}
    return Losses(EXPECTED, given, ASKED, FEDERATION, silent, silenced).differences(least)


def ward(**changed: Any) -> dict[str, Any]:
    return {"ward": EXPECTED["data"]["ward"] | changed}


def test_a_null_with_an_error_may_be() -> None:
    assert losses(ward(beds=None), ["ward", "beds"]) == []


def test_a_null_may_be_as_far_out_as_the_schema_carries_it() -> None:
    assert losses({"ward": None}, ["ward", "free"]) == []


def test_what_was_given_a_null_may_be_otherwise() -> None:
    assert losses(ward(beds=None, price=7), ["ward", "beds"]) == []


def test_what_is_lost_of_a_null_without_an_error_needs_none_up_to_where_it_is_carried() -> None:
    assert losses(ward(free=None), silent=True, silenced="free") == []
    assert losses({"ward": None}, silent=True, silenced="free")
    assert losses({"ward": None}, ["ward"], silent=True, silenced="free") == []


def test_what_is_sent_to_others_may_silently_cost_what_they_have() -> None:
    assert losses(ward(price=None), silent=True, silenced="beds") == []


def test_no_more_is_lost_than_where_nobody_answers() -> None:
    assert losses(ward(beds=None), ["ward", "beds"], least=ward(beds=None)) == []
    assert losses(ward(beds=None), ["ward", "beds"], least={"ward": None}) == []
    assert losses(ward(beds=None), ["ward", "beds"], least=ward())


@pytest.mark.parametrize(("error", "is_given"), [(["beds", "x"], True), (["beds"], False), (["free", "x"], False)])
def test_a_field_is_given_a_null_by_an_error_below_what_it_requires(error: list[str], is_given: bool) -> None:
    expected = EXPECTED | {"errors": [{"path": ["ward", *error]}]}

    assert Losses(expected, expected, ASKED, FEDERATION).is_given_a_null() is is_given


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
