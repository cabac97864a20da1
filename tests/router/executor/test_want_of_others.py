"""A field that its subgraph was not asked for, as another owes what it needs, has an error of its own."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse

from router.executor import execute
from router.planner import Planner
from router.transports.base import TransportError
from tests.router.executor.subgraphs import Subgraphs, data
from tests.router.planner.plans import supergraph_of

TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  bed: Bed @join__field(graph: A)
  beds: [Bed] @join__field(graph: A)
}
type Bed @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") @join__type(graph: C, key: "id") {
  id: ID!
  size: Int @join__field(graph: B) @join__field(graph: C, external: true)
  rent: Int @join__field(graph: C, requires: "size")
  rails: Int @join__field(graph: C)
  frame: Frame @join__field(graph: A) @join__field(graph: C, external: true)
  pole: Pole @join__field(graph: A) @join__field(graph: B) @join__field(graph: C, external: true)
  reach: Int @join__field(graph: C, requires: "pole { length }")
  load: Int @join__field(graph: C, requires: "frame { parts { weight } }") @join__field(graph: B, external: true)
  limit: Int @join__field(graph: B, requires: "load")
}
type Pole @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  width: Int @join__field(graph: A)
  length: Int @join__field(graph: B) @join__field(graph: C, external: true)
}
type Frame @join__type(graph: A) @join__type(graph: C) { parts: [Part!] }
type Part @join__type(graph: A, key: "stamp { no }") @join__type(graph: B, key: "stamp { no }") @join__type(graph: C) {
  stamp: Stamp @join__field(graph: A) @join__field(graph: B)
  weight: Int @join__field(graph: B) @join__field(graph: C, external: true)
}
type Stamp @join__type(graph: A) @join__type(graph: B) { no: Int year: Int @join__field(graph: A) }
"""
PLANNER = Planner(supergraph_of(TYPES))
BED = data({"bed": {"id": "1"}})
WANT = "Subgraph c: it was not asked, for want of what another subgraph owes."
REFUSED = {"data": None, "errors": [{"message": "no"}]}


async def asked(query: str, **replies: Any) -> dict[str, Any]:
    return await execute(PLANNER.plan(parse(query), None), {}, Subgraphs(**replies))


def paths(answer: Mapping[str, Any]) -> list[Any]:
    return [error.get("path") for error in answer.get("errors", ())]


async def test_the_object_is_named_that_lacks_what_is_needed_and_what_is_not_asked_for_want_of_it() -> None:
    answer = await asked("{ bed { rent } }", a=[BED], b=[TransportError("down")])

    assert answer["data"] == {"bed": {"rent": None}}
    assert paths(answer) == [["bed"], ["bed", "rent"]]
    assert answer["errors"][1]["message"] == WANT


@pytest.mark.parametrize(
    "reply",
    [
        REFUSED,
        REFUSED | {"data": {"_entities": None}},
        {"data": {"_entities": [None]}, "errors": [{"message": "no", "path": ["_entities", 0, "size"]}]},
    ],
)
async def test_a_refusal_is_owed_as_an_answer_is(reply: Any) -> None:
    answer = await asked("{ bed { rent } }", a=[BED], b=[reply])

    assert answer["data"] == {"bed": {"rent": None}}
    assert paths(answer) == [["bed"], ["bed", "rent"]]


async def test_a_refusal_is_owed_by_all_that_was_asked_for() -> None:
    beds = data({"beds": [{"id": "1"}, {"id": "2"}]})

    answer = await asked("{ beds { rent } }", a=[beds], b=[REFUSED])

    assert paths(answer) == [["beds"], ["beds", 0, "rent"], ["beds", 1, "rent"]]


async def test_an_entity_that_is_not_there_owes_nothing() -> None:
    answer = await asked("{ bed { rent } }", a=[BED], b=[data({"_entities": [None]})])

    assert answer == {"data": {"bed": {"rent": None}}}


async def test_a_reply_without_entities_and_errors_is_no_answer() -> None:
    answer = await asked("{ bed { size } }", a=[BED], b=[data({})])

    assert answer["data"] == {"bed": {"size": None}}
    assert paths(answer) == [["bed", "size"]]


async def test_what_needs_nothing_is_asked_all_the_same_and_no_error() -> None:
    beds = data({"_entities": [{"rails": 2}]})

    answer = await asked("{ bed { rent rails } }", a=[BED], b=[TransportError("down")], c=[beds])

    assert answer["data"] == {"bed": {"rent": None, "rails": 2}}
    assert paths(answer) == [["bed"], ["bed", "rent"]]


async def test_what_is_asked_plainly_of_others_is_lost_all_the_same() -> None:
    found = data({"bed": {"id": "1"}, "beds": [{"id": "2"}]})
    plain = data({"_entities": [{"same": 2}]})

    query = "{ bed { same: rent } beds { same: rails rent } }"
    answer = await asked(query, a=[found], b=[TransportError("down")], c=[plain])

    assert answer["data"] == {"bed": {"same": None}, "beds": [{"same": 2, "rent": None}]}
    assert [path for path in paths(answer) if len(path) > 1] == [["beds", 0], ["bed", "same"], ["beds", 0, "rent"]]


NEIGHBOURS = """
type Query @join__type(graph: A) @join__type(graph: B) @join__type(graph: C) {
  bed: Bed @join__field(graph: B, provides: "next { id }")
}
type Bed
  @join__type(graph: A, key: "id") @join__type(graph: A, key: "code") @join__type(graph: B, key: "id")
  @join__type(graph: C, key: "id") @join__type(graph: C, key: "code") {
  id: ID!
  code: ID @join__field(graph: A) @join__field(graph: C)
  next: Bed @join__field(graph: A) @join__field(graph: B, external: true) @join__field(graph: C, external: true)
  size: Int @join__field(graph: A)
  rails: Int @join__field(graph: C)
  reach: Int @join__field(graph: C, requires: "next { rails }")
}
"""


async def test_what_needs_nothing_is_asked_though_what_was_wanting_comes_meanwhile() -> None:
    bed = data({"bed": {"id": "1", "next": {"id": "2"}}})
    sizes = data({"_entities": [{"size": 5, "next": {"id": "2", "size": 7}}]})
    lost = {"data": {"_entities": [None]}, "errors": [{"message": "no", "path": ["_entities", 0]}]}
    meanwhile, plain = data({"_e0": [], "_e1": [{"rails": 3}]}), data({"_entities": [{"rails": 4}]})
    plan = Planner(supergraph_of(NEIGHBOURS)).plan(parse("{ bed { reach rails size next { size rails } } }"), None)

    answer = await execute(plan, {}, Subgraphs(a=[sizes], b=[bed], c=[lost, meanwhile, plain]))

    assert answer["data"] == {"bed": {"reach": None, "rails": 4, "size": 5, "next": {"size": 7, "rails": 3}}}


async def test_what_is_needed_may_be_owed_far_below() -> None:
    frame = {"parts": [{"stamp": {"no": 1}}, {"stamp": {"no": 2}}]}

    bed = data({"bed": {"id": "1", "frame": frame}})

    answer = await asked("{ bed { load limit } }", a=[bed], b=[TransportError("down")])

    assert answer["data"] == {"bed": {"load": None, "limit": None}}
    assert paths(answer)[-2:] == [["bed", "load"], ["bed", "limit"]]


async def test_what_is_owed_may_be_a_part_of_what_is_there() -> None:
    bed = data({"bed": {"id": "1", "pole": {"width": 3}}})

    answer = await asked("{ bed { pole { width } reach } }", a=[bed], b=[REFUSED])

    assert answer["data"] == {"bed": {"pole": {"width": 3}, "reach": None}}
    assert paths(answer) == [["bed"], ["bed", "reach"]]


async def test_a_null_in_a_key_that_has_an_error_is_owed() -> None:
    error = {"message": "no", "path": ["bed", "frame", "parts", 1, "stamp", "no"]}
    parts = [{"stamp": {"no": 1, "year": 3}}, {"stamp": {"no": None, "year": 5}}]
    replies = {"b": [data({"_entities": [{"weight": 7}]})], "a": [data({"bed": {"frame": {"parts": parts}}})]}
    replies["a"][0]["errors"] = [error]

    answer = await asked("{ bed { frame { parts { stamp { year } weight } } } }", **replies)

    shown = [{"stamp": {"year": 3}, "weight": 7}, {"stamp": {"year": 5}, "weight": None}]
    assert answer["data"] == {"bed": {"frame": {"parts": shown}}}
    assert paths(answer) == [["bed", "frame", "parts", 1, "stamp"], ["bed", "frame", "parts", 1, "weight"]]
