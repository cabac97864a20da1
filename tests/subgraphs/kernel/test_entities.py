from copy import deepcopy

import pytest

from subgraphs.kernel.entities import resolve_entities
from subgraphs.kernel.errors import BadUserInput


class Wards:
    """A type that answers for ids which begin with w, all at once."""

    asked: list[list[str]]

    @classmethod
    async def resolve_references(cls, info, ids):
        cls.asked.append(ids)
        return [f"ward {id}" if id.startswith("w") else None for id in ids]


class Beds:
    @classmethod
    async def resolve_references(cls, info, ids):
        raise ConnectionError("the beds cannot be read")


ENTITIES = {"Ward": Wards, "Bed": Beds}


@pytest.fixture(autouse=True)
def nothing_asked():
    Wards.asked = []


def ward(id):
    return {"__typename": "Ward", "id": id}


async def test_each_is_answered_in_its_place_and_all_of_a_type_at_once():
    given = [ward("w1"), ward("x"), ward("w2"), ward("w1")]
    assert await resolve_entities(ENTITIES, None, given) == ["ward w1", None, "ward w2", "ward w1"]
    assert Wards.asked == [["w1", "x", "w2", "w1"]]


async def test_what_fails_is_the_trouble_of_its_type_alone():
    failed, answered = await resolve_entities(ENTITIES, None, [{"__typename": "Bed", "id": "b"}, ward("w")])
    assert isinstance(failed, ConnectionError)
    assert answered == "ward w"


@pytest.mark.parametrize("given", [None, "Ward", {}, {"__typename": 1}, {"__typename": "Nothing", "id": "w"}], ids=str)
async def test_what_is_no_representation_is_an_error_in_its_own_place(given):
    error, answered = await resolve_entities(ENTITIES, None, [given, ward("w")])
    assert isinstance(error, BadUserInput)
    assert answered == "ward w"


@pytest.mark.parametrize("id", [None, 1, ["w"], {"w": "w"}], ids=str)
async def test_an_id_that_is_no_text_is_unknown(id):
    assert await resolve_entities(ENTITIES, None, [ward(id)]) == [None]
    assert Wards.asked == []


async def test_what_was_given_is_left_as_it_was():
    given = [ward("w1"), {"__typename": "Ward"}, None]
    before = deepcopy(given)
    await resolve_entities(ENTITIES, None, given)
    assert given == before
