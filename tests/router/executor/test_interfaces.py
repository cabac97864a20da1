"""An object of an interface keeps what its own type says of its fields."""

from typing import Any

import pytest
from graphql import parse

from router.executor import execute
from router.planner import Planner
from tests.router.executor.subgraphs import Subgraphs, data
from tests.router.planner.plans import supergraph_of

STAFF = """
type Query @join__type(graph: A) { staff: [Person] }
interface Person @join__type(graph: A) { name: String age: Int boss: Person peers: [Person] }
type Nurse implements Person @join__type(graph: A) @join__implements(graph: A, interface: "Person") {
  name: String! age: Int boss: Nurse! peers: [Person!]
}
type Porter implements Person @join__type(graph: A) @join__implements(graph: A, interface: "Person") {
  name: String age: Int boss: Person peers: [Person]
}
"""
PLANNER = Planner(supergraph_of(STAFF))


async def staff(selection: str, *given: Any) -> tuple[Any, list[Any], str]:
    subgraphs = Subgraphs(a=[data({"staff": list(given)})])
    answer = await execute(PLANNER.plan(parse(f"{{ staff {{ {selection} }} }}"), None), {}, subgraphs)
    return answer["data"]["staff"], [e["path"] for e in answer.get("errors", ())], subgraphs.asked[0].document


@pytest.mark.parametrize(
    ("selection", "null"),
    [("name", {"name": None}), ("boss { age }", {"boss": None}), ("peers { age }", {"peers": [None]})],
)
async def test_a_null_that_an_objects_own_type_forbids_propagates(selection: str, null: dict[str, Any]) -> None:
    given = [{"__typename": name, **null} for name in ("Nurse", "Porter")]

    shown, errors, _ = await staff(selection, *given)

    own = None if selection != "peers { age }" else {"peers": None}
    assert shown == [own, null]
    assert len(errors) == 1
    assert errors[0][:2] == ["staff", 0]


async def test_fields_on_which_all_types_agree_need_no_type() -> None:
    shown, errors, document = await staff("age", {"age": None})

    assert (shown, errors) == ([{"age": None}], [])
    assert "__typename" not in document


async def test_fields_of_a_field_that_is_asked_of_one_type_and_of_all_come_in_the_order_of_the_query() -> None:
    boss = {"__typename": "Nurse", "name": "Ada", "age": 3, "years": 3}

    shown, _, _ = await staff(
        "... on Nurse { boss { name } } boss { age } ... on Nurse { boss { years: age } }",
        {"__typename": "Nurse", "boss": boss},
    )

    assert list(shown[0]["boss"]) == ["name", "age", "years"]
