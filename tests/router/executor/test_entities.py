from typing import Any

import pytest
from graphql import parse

from router.context import NOBODY
from router.executor import execute
from router.executor.entities import EntitiesCall, EntityFetch
from router.executor.merge import merge
from router.executor.roots import RootFetch
from router.executor.run import Run
from router.planner import Planner
from router.planner.nodes import Entities, Fetch, Flatten, PathStep
from router.planner.selections import Field
from tests.router.executor.subgraphs import Subgraphs, data, entities, run
from tests.router.planner.plans import supergraph_of

BEDS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) { bed: Bed @join__field(graph: A) }
type Bed @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  frame: Frame @join__field(graph: B)
}
type Frame @join__type(graph: B, key: "no") @join__type(graph: C, key: "no") {
  no: ID!
  wood: String @join__field(graph: C)
  iron: String @join__field(graph: C)
}
"""

ID = Field(None, "id", "id", "id")


async def test_it_completes_an_entity_from_another_subgraph() -> None:
    subgraphs = Subgraphs(a=[data({"patient": {"name": "Ada", "id": "1"}})], b=[entities({"owed": 3})])

    assert await run("{ patient { owed name } }", subgraphs) == {"data": {"patient": {"owed": 3, "name": "Ada"}}}
    assert subgraphs.representations == [[{"__typename": "Patient", "id": "1"}]]


async def test_equal_representations_are_sent_once() -> None:
    patients = [{"id": "1"}, {"id": "2"}, {"id": "1"}]
    subgraphs = Subgraphs(a=[data({"patients": patients})], b=[entities({"owed": 1}, {"owed": 2})])

    answer = await run("{ patients { owed } }", subgraphs)

    assert answer == {"data": {"patients": [{"owed": 1}, {"owed": 2}, {"owed": 1}]}}
    assert subgraphs.representations == [[{"__typename": "Patient", "id": i} for i in "12"]]


async def test_it_skips_an_entity_whose_key_is_null() -> None:
    patients = [{"ward": {"code": None}}, {"ward": {"code": "N"}}, {"ward": {}}]
    subgraphs = Subgraphs(a=[data({"patients": patients})], c=[entities({"beds": 4})])

    answer = await run("{ patients { ward { beds } } }", subgraphs)

    assert answer == {"data": {"patients": [{"ward": {"beds": None}}, {"ward": {"beds": 4}}, {"ward": {"beds": None}}]}}
    assert subgraphs.representations == [[{"__typename": "Ward", "code": "N"}]]


async def test_nothing_is_asked_for_no_entities() -> None:
    subgraphs = Subgraphs(a=[data({"patients": [None], "patient": None})])

    assert await run("{ patients { owed } patient { owed } }", subgraphs) == data({"patients": [None], "patient": None})
    assert subgraphs.subgraphs == ["a"]


async def test_a_null_entity_leaves_its_fields_null() -> None:
    subgraphs = Subgraphs(a=[data({"patient": {"name": "Ada", "id": "1"}})], b=[entities(None)])

    assert await run("{ patient { name owed } }", subgraphs) == data({"patient": {"name": "Ada", "owed": None}})


async def test_a_null_never_overwrites() -> None:
    first = {"patient": {"id": "1", "ward": {"code": "N"}}}
    subgraphs = Subgraphs(a=[data(first)], c=[entities({"beds": None, "code": None})])

    assert await run("{ patient { ward { code beds } } }", subgraphs) == data(
        {"patient": {"ward": {"code": "N", "beds": None}}}
    )


async def test_one_answer_in_two_places_may_be_completed_otherwise_in_each() -> None:
    query = "{ one: bed { frame { made: wood } } two: bed { frame { made: iron } } }"
    frames = {"data": {"_e0": [{"made": "oak"}], "_e1": [{"made": "cast"}]}}
    subgraphs = Subgraphs(
        a=[data({"one": {"id": "1"}, "two": {"id": "1"}})], b=[entities({"frame": {"no": "7"}})], c=[frames]
    )

    answer = await execute(Planner(supergraph_of(BEDS)).plan(parse(query), None), {}, subgraphs)

    assert answer == data({"one": {"frame": {"made": "oak"}}, "two": {"frame": {"made": "cast"}}})
    assert len(subgraphs.representations[0]) == 1


def test_who_comes_after_an_absent_object_is_not_taken_for_it() -> None:
    call = EntitiesCall(
        Entities("_entities", "representations", (Flatten((PathStep("patient"),), "Patient"),), ("due",))
    )
    state = Run({}, {}, Subgraphs(), NOBODY, data={"patient": {"id": "1"}})
    call.spread([None], call.gather(state), state)
    assert list(state.absent) == [id(state.data["patient"])]

    del state.data["patient"]

    assert not {id(other) for other in [{"id": str(number)} for number in range(1000)]} & set(state.absent)


def test_objects_of_another_target_get_a_copy_of_an_answer() -> None:
    targets = tuple(Flatten((PathStep(name),), "Patient", (ID,)) for name in ("patients", "patient"))
    call = EntitiesCall(Entities("_entities", "representations", targets, ("bills",)))
    state = Run({}, {}, Subgraphs(), NOBODY, {"patients": [{"id": "1"}, {"id": "1"}], "patient": {"id": "1"}})

    call.spread([{"bills": [{"total": 3}]}], call.gather(state), state)
    state.data["patient"]["bills"][0]["total"] = 4

    assert state.data["patients"] == [{"id": "1", "bills": [{"total": 3}]}] * 2


def entities_at(*steps: str) -> Entities:
    path = tuple(PathStep(step) for step in steps)
    return Entities("_entities", "representations", (Flatten(path, "Patient", (ID,)),), ("name",))


def test_calls_for_the_same_entities_gather_once() -> None:
    state = Run({}, {}, Subgraphs(), NOBODY, {"patient": {"id": "1"}, "other": {"id": "1"}})
    first, again, elsewhere = [
        EntitiesCall(entities_at(name)).gather(state) for name in ("patient", "patient", "other")
    ]
    assert first is again
    assert elsewhere is not first


async def test_what_has_come_since_is_gathered_too() -> None:
    call = EntitiesCall(entities_at("patient", "contacts"))
    state = Run({}, {}, Subgraphs(b=[entities({"contacts": [{"id": "2"}]})]), NOBODY)

    def ids() -> list[str]:
        return [one["id"] for one in call.gather(state).representations]

    assert ids() == []
    RootFetch(Fetch("a", "query", "{}")).take(state, data({"patient": {"id": "1", "contacts": [{"id": "1"}]}}))
    assert ids() == ["1"]
    await EntityFetch(Fetch("b", "query", "{}", entities=(entities_at("patient"),)))(state)
    assert ids() == ["2"]


def test_what_is_there_already_is_not_merged_into_itself() -> None:
    answer: dict[str, Any] = {"owed": 3}
    answer["bills"] = [answer]  # merged into itself, this has no end
    place = {"patient": answer}

    merge(place, {"patient": answer})

    assert place["patient"] is answer


@pytest.mark.parametrize(("known", "given"), [([1, None], [None, 2]), ([None, 2], [1, None]), ([1, 2], [None, None])])
def test_a_null_item_never_overwrites_and_is_overwritten(known: list[Any], given: list[Any]) -> None:
    place = {"beds": known}

    merge(place, {"beds": given})

    assert place == {"beds": [1, 2]}


def test_a_null_is_overwritten() -> None:
    place = {"size": None}

    merge(place, {"size": 3})

    assert place == {"size": 3}
