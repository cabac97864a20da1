"""Interfaces and unions are no way around what guards their object types."""

from typing import Any

import pytest

from tests.router.authorization.ward import Ward, caller, withheld
from tests.router.executor.subgraphs import data

PEOPLE = [{"__typename": "Nurse", "name": "n", "pay": 1, "ward": "w"}, {"__typename": "Chief", "name": "c", "pay": 9}]


async def seen(query: str, name: str, objects: list[Any], **claims: Any) -> tuple[Any, Any, str]:
    ward = Ward(a=[data({name: [dict(found) for found in objects]})])
    answer = await ward.ask(query, caller(**claims)) if claims else await ward.ask(query)
    return answer["data"][name], answer.get("errors"), ward.asked[0][1]


async def test_a_field_asked_of_an_interface_needs_what_any_of_its_types_needs() -> None:
    people, errors, asked = await seen("{ people { name pay } }", "people", PEOPLE)
    assert people == [{"name": "n", "pay": None}, {"name": "c", "pay": None}]
    assert errors == withheld(["people", 0, "pay"], ["people", 1, "pay"])
    assert "pay" not in asked


async def test_who_has_the_scope_of_all_types_sees_it() -> None:
    people, errors, _ = await seen("{ people { pay } }", "people", PEOPLE, scope="pay")
    assert (people, errors) == ([{"pay": 1}, {"pay": 9}], None)


async def test_a_fragment_sees_the_type_that_is_open() -> None:
    query = "{ people { ... on Nurse { pay } ... on Chief { pay } } }"
    people, errors, _ = await seen(query, "people", PEOPLE)
    assert people == [{"pay": 1}, {"pay": None}]
    assert errors == withheld(["people", 1, "pay"])


async def test_a_field_asked_both_ways_is_seen_where_its_fragment_is_open() -> None:
    people, errors, asked = await seen("{ people { pay ... on Nurse { pay } } }", "people", PEOPLE)
    assert people == [{"pay": 1}, {"pay": None}]
    assert errors == withheld(["people", 1, "pay"])
    assert "... on Nurse { pay }" in asked


async def test_the_name_of_a_type_is_withheld_where_a_type_is() -> None:
    things = [{"__typename": "Nurse", "name": "n"}, {"__typename": "Spy", "name": "s"}]
    found, errors, _ = await seen("{ things { __typename ... on Nurse { name } } }", "things", things)
    assert found == [None, None]
    assert errors == withheld(["things", 0, "__typename"], ["things", 1, "__typename"])


@pytest.mark.parametrize("alias", ["", "kind: "])
async def test_an_object_of_a_guarded_type_shows_nothing_of_itself(alias: str) -> None:
    things = [{"__typename": "Nurse", "name": "n"}, {"__typename": "Spy", "name": "s"}]
    query = f"{{ things {{ ... on Nurse {{ name }} ... on Spy {{ {alias}__typename name }} }} }}"
    found, errors, asked = await seen(query, "things", things)
    key = "kind" if alias else "__typename"
    assert found == [{"name": "n"}, None]
    assert errors == withheld(["things", 1, key], ["things", 1, "name"])
    assert "... on Spy" not in asked


async def test_a_guarded_interface_guards_its_types() -> None:
    ward = Ward()
    answer = await ward.ask("{ locked { ... on Door { name } } }")
    assert answer == {"data": {"locked": None}, "errors": withheld(["locked"])}
    assert ward.asked == []
