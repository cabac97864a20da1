"""Answers by shape, and entities: the same as those of graphql-core's long way."""

import asyncio
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import execute, parse

from subgraphs.kernel import execution
from subgraphs.kernel.execution import Execution, Operations
from subgraphs.kernel.federation import subgraph_schema


@strawberry.enum
class Colour(Enum):
    RED = "red"


@strawberry.federation.type(keys=["id"])
class Thing:
    id: strawberry.ID
    name: str
    colour: Colour | None = None
    price: Decimal | None = None
    tags: list[str] = strawberry.field(default_factory=list)

    @classmethod
    async def resolve_references(cls, info: strawberry.Info, ids: list[str]) -> "list[Thing | None]":
        return [None if id == "none" else THINGS[id] for id in ids]

    @strawberry.field
    async def later(self) -> str:
        return f"{self.name} later"

    @strawberry.field
    def shouted(self, times: int = 1) -> str:
        return self.name.upper() * times


@strawberry.type
class Wheel:
    size: int
    spokes: list[str] | None = None


@strawberry.type
class Cart:
    name: str
    wheels: list[Wheel]
    spare: Wheel | None = None
    thing: Thing | None = None

    @strawberry.field
    def load(self) -> Wheel:
        return Wheel(size=100)


class Later:
    """A wheel that comes when it is awaited."""

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return Wheel(size=7, spokes=["z"])


CARTS = {
    "whole": Cart(name="a", wheels=[Wheel(size=1), Wheel(size=2, spokes=["x", "y"])], spare=Wheel(size=3)),
    "bare": Cart(name="b", wheels=[]),
    "broken": Cart(name="c", wheels=[Wheel(size=1), Wheel(size="wide"), None]),
    "fallen": Cart(name="d", wheels=[Wheel(size=1), ValueError("It fell off.")]),
    "late": Cart(name="l", wheels=[Wheel(size=1), Later()]),
    "lost": Cart(name="e", wheels=None),
    "odd": Cart(name="f", wheels=(Wheel(size=1), Wheel(size=2)), thing=Thing(id="9", name="Nine")),
}

THINGS = {
    "1": Thing(id="1", name="One", colour=Colour.RED, price=Decimal("1.50"), tags=["a", "b"]),
    "2": Thing(id="2", name=None),
    "3": Thing(id="3", name="Three", colour="no colour"),
}


@strawberry.type
class Query:
    @strawberry.field
    def thing(self, id: strawberry.ID) -> Thing | None:
        return THINGS[id]

    @strawberry.field
    def cart(self, name: str) -> Cart | None:
        return CARTS[name]

    @strawberry.field
    async def carts(self) -> list[Cart | None]:
        return [*CARTS.values(), None]


@pytest.fixture(scope="module")
def schema():
    return subgraph_schema(query=Query)


async def answer(schema, document: str, **variables: Any) -> dict[str, Any]:
    result = await Operations(schema._schema).execute(document, variables, None, None)
    return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}


async def long_way(schema, document: str) -> dict[str, Any]:
    result = execute(schema._schema, parse(document, no_location=True))
    result = result if hasattr(result, "data") else await result
    return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}


@pytest.mark.parametrize(
    "document",
    [
        '{ thing(id: "1") { id name colour price tags } }',
        '{ thing(id: "1") { again: name later b: shouted(times: 2) a: id __typename } }',
        '{ thing(id: "2") { id name } }',
        '{ thing(id: "2") { id colour price } }',
        '{ thing(id: "3") { colour id } }',
    ],
)
async def test_it_answers_as_the_long_way_does(schema, document):
    found = await answer(schema, document)
    assert found == await long_way(schema, document)
    assert str(found["data"]) == str((await long_way(schema, document))["data"])


WHOLE = "{ name wheels { size spokes } spare { n: size __typename } thing { id name } }"


@pytest.mark.parametrize("name", CARTS)
async def test_objects_in_objects_are_answered_as_the_long_way_does(schema, name):
    for selection in (
        WHOLE,
        "{ wheels { size } load { size } name }",
        "{ wheels { spokes } name }",
        "{ wheels { size } ... on Cart { wheels { spokes } again: name } ... { spare { size } } }",
        "{ wheels { size @skip(if: true) spokes } spare @include(if: false) { size } name }",
        "{ ...Names wheels { ...Size } } fragment Names on Cart { name } fragment Size on Wheel { size }",
    ):
        document = f'{{ cart(name: "{name}") {selection} }}' if "fragment" not in selection else _named(name, selection)
        found = await answer(schema, document)
        assert found == await long_way(schema, document)
        assert str(found["data"]) == str((await long_way(schema, document))["data"])


def _named(name: str, selection: str) -> str:
    inner, fragments = selection.split(" fragment", 1)
    return f'{{ cart(name: "{name}") {inner} }} fragment{fragments}'


async def test_a_list_loses_only_what_is_broken(schema):
    document = f"{{ carts {WHOLE} }}"
    found = await answer(schema, document)
    assert found == await long_way(schema, document)
    assert [cart and cart["name"] for cart in found["data"]["carts"]] == ["a", "b", None, None, "l", None, "f", None]


async def test_what_is_only_attributes_is_not_taken_field_by_field(schema, monkeypatch):
    resolved = []
    execute_field = Execution.execute_field

    def noted(self, parent_type, source, details, *others):
        resolved.append(details[0].node.name.value)
        return execute_field(self, parent_type, source, details, *others)

    monkeypatch.setattr(Execution, "execute_field", noted)
    await answer(schema, f'{{ cart(name: "whole") {WHOLE} }}')
    assert resolved == ["cart"]


async def test_an_operation_that_is_asked_again_is_answered_by_its_own_variables(schema):
    operations = Operations(schema._schema)
    document = 'query ($no: Boolean!) { cart(name: "whole") { name spare { size @skip(if: $no) __typename } } }'
    answers = [(await operations.execute(document, {"no": no}, None, None)).data for no in (True, False, True)]
    assert [list(each["cart"]["spare"]) for each in answers] == [["__typename"], ["size", "__typename"], ["__typename"]]


async def test_what_is_wrong_with_a_document_is_an_error_and_no_exception(schema):
    for document in ("{", "{ nothing }", "query A { __typename } query B { __typename }"):
        found = await answer(schema, document)
        assert found["data"] is None
        assert len(found["errors"]) == 1


ENTITIES = "query ($them: [_Any!]!) { _entities(representations: $them) { __typename ... on Thing { name } } }"


async def test_entities_come_in_the_order_and_length_asked(schema):
    them = [{"__typename": "Thing", "id": id} for id in ("3", "none", "1", "3")]
    found = await answer(schema, ENTITIES, them=them)
    assert [one and one["name"] for one in found["data"]["_entities"]] == ["Three", None, "One", "Three"]
    assert found["errors"] == []


async def test_a_representation_is_left_as_it_was_given(schema):
    them = [{"__typename": "Thing", "id": "1"}]
    await answer(schema, ENTITIES, them=them)
    assert them == [{"__typename": "Thing", "id": "1"}]


@pytest.mark.parametrize("odd", [{"id": "1"}, {"__typename": "Query", "id": "1"}, {"__typename": ["Thing"], "id": "1"}])
async def test_what_is_no_representation_costs_its_own_place_alone(schema, odd):
    found = await answer(schema, ENTITIES, them=[odd, {"__typename": "Thing", "id": "1"}])
    assert found["data"]["_entities"] == [None, {"__typename": "Thing", "name": "One"}]
    assert [error["path"] for error in found["errors"]] == [["_entities", 0]]


async def test_a_key_that_is_no_text_is_nobody(schema):
    found = await answer(schema, ENTITIES, them=[{"__typename": "Thing", "id": {"$ne": 1}}, {"__typename": "Thing"}])
    assert found == {"data": {"_entities": [None, None]}, "errors": []}


async def test_the_documents_that_are_kept_are_bounded_by_their_length(schema, monkeypatch):
    monkeypatch.setattr(execution, "_KEPT_CHARACTERS", 1000)
    operations = Operations(schema._schema)
    for number in range(50):
        result = await operations.execute(f"{{ a{number}: __typename }} # {'x' * 200}", {}, None, None)
        assert result.data == {f"a{number}": "Query"}
    assert sum(map(len, operations._known)) <= 1000
    assert any("a49" in text for text in operations._known)
