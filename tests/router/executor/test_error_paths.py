"""Errors stand at fields that the client asked for, by the client's names, and are not without number."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from graphql import parse

from router.executor import execute
from router.executor.errors import ResponsePath
from router.executor.paths import client_path, data_path
from router.executor.run import MOST_ERRORS
from router.planner import Planner
from router.transports.base import SubgraphRequest, TransportError
from tests.router.executor.subgraphs import PLANNER, Subgraphs, data, run
from tests.router.planner.plans import supergraph_of

BEDS = """
type Query @join__type(graph: A) @join__type(graph: B) { bed: Bed @join__field(graph: A) }
union Bed @join__type(graph: A) @join__unionMember(graph: A, member: "Cot")
  @join__unionMember(graph: A, member: "Crib") = Cot | Crib
type Cot @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  size: Int @join__field(graph: A)
  rent: Int @join__field(graph: B)
}
type Crib @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID!
  size: String @join__field(graph: A)
  rails: Int @join__field(graph: B)
}
"""
BEDS_PLANNER = Planner(supergraph_of(BEDS))
BEDS_QUERY = "{ bed { ... on Cot { size rent } ... on Crib { size rails } } }"


def paths(answer: Mapping[str, Any]) -> list[Any]:
    return [error.get("path") for error in answer["errors"]]


@pytest.mark.parametrize(
    ("path", "own"),
    [
        (["patients", 0, "name"], ["patients", 0, "name"]),
        (["patients", 0, "_qp_c_id"], ["patients", 0, "id"]),
        (["patients", 0, "_qp_m12__qp_c_id"], ["patients", 0, "id"]),
        (["patients", 0, "ward", "_qp_c__qp_c_id"], ["patients", 0, "ward", "_qp_c_id"]),
        (["patients", 0, "ward", "_qp_c__qp_m1_id"], ["patients", 0, "ward", "_qp_m1_id"]),
        (["patients", 0, "id"], ["patients", 0]),
        (["patients", 0, "age"], ["patients", 0]),
        (["patients", 0, "__typename"], ["patients", 0]),
        (["patients", 0, "ward", "code", "x"], ["patients", 0, "ward"]),
        (["_qp_", 0], []),
    ],
)
def test_a_path_is_told_in_the_clients_names_as_far_as_the_client_sees_it(
    path: ResponsePath, own: ResponsePath
) -> None:
    query = """query ($off: Boolean!) {
      patients { name id: name age @include(if: $off) ward { _qp_c_id: beds _qp_m1_id: beds } }
    }"""
    selections = PLANNER.plan(parse(query), None).selections

    assert list(client_path(data_path(tuple(path)), selections, {"off": False}, {})) == own


async def test_an_error_of_a_key_that_only_the_router_asked_for_is_that_of_its_object() -> None:
    error = {"message": "no", "path": ["patients", 0, "id"], "extensions": {"code": "X"}}
    patients = [{"id": None, "_qp_c_id": "Ada"}]
    subgraphs = Subgraphs(a=[{"data": {"patients": patients}, "errors": [error]}])

    answer = await run("{ patients { id: name owed } }", subgraphs)

    assert answer["data"] == {"patients": [{"id": "Ada", "owed": None}]}
    assert paths(answer) == [["patients", 0], ["patients", 0, "owed"]]


async def test_an_error_of_a_key_that_the_client_asks_of_another_type_is_that_of_its_object() -> None:
    error = {"message": "no", "path": ["bed", "id"], "extensions": {"code": "X"}}
    subgraphs = Subgraphs(a=[{"data": {"bed": {"__typename": "Crib", "id": None}}, "errors": [error]}])

    answer = await execute(
        BEDS_PLANNER.plan(parse("{ bed { ... on Cot { id } ... on Crib { rails } } }"), None), {}, subgraphs
    )

    assert answer["data"] == {"bed": {"rails": None}}
    assert paths(answer) == [["bed"], ["bed", "rails"]]


async def test_an_error_of_a_field_that_was_set_apart_has_the_clients_name() -> None:
    error = {"message": "no", "path": ["bed", "_qp_m1_size"], "extensions": {"code": "X"}}
    bed = {"__typename": "Crib", "id": "1", "_qp_m1_size": None}
    subgraphs = Subgraphs(a=[{"data": {"bed": bed}, "errors": [error]}])

    answer = await execute(
        BEDS_PLANNER.plan(parse("{ bed { ... on Cot { size } ... on Crib { size } } }"), None), {}, subgraphs
    )

    assert "_qp_m1_size: size" in subgraphs.asked[0].document
    assert paths(answer) == [["bed", "size"]]


@pytest.mark.parametrize("path", [None, [], ["_entities"], ["elsewhere", 0]], ids=str)
@pytest.mark.parametrize(
    ("patients", "shared"), [([{"id": "1"}], ["patients", 0]), ([{"id": "1"}, {"id": "2"}], ["patients"])]
)
async def test_an_error_of_no_entity_stands_where_all_of_them_do(path: Any, patients: Any, shared: Any) -> None:
    reply = {"data": None, "errors": [{"message": "no", "path": path}]}

    answer = await run("{ patients { owed } }", Subgraphs(a=[data({"patients": patients})], b=[reply]))

    assert paths(answer) == [shared]


async def test_what_was_not_asked_for_is_not_lost() -> None:
    query = "query ($x: Boolean = false) { patient { id owed due @include(if: $x) ward { name: beds } } }"
    patient = {"patient": {"id": "1", "ward": {"code": "N"}}}
    subgraphs = Subgraphs(a=[data(patient)], b=[TransportError("down")], c=[TransportError("down")])

    answer = await run(query, subgraphs)

    assert paths(answer) == [["patient", "owed"], ["patient", "ward", "name"]]


async def test_a_field_switched_off_is_not_lost_with_its_root() -> None:
    query = "query ($x: Boolean = false) { patient { id } chief @include(if: $x) { id } }"

    assert paths(await run(query, Subgraphs(a=[TransportError("down")]))) == [["patient"]]


async def test_fields_of_other_types_are_not_lost() -> None:
    bed = {"__typename": "Crib", "id": "1", "_qp_m1_size": "S"}
    subgraphs = Subgraphs(a=[data({"bed": bed})], b=[TransportError("down")])

    answer = await execute(BEDS_PLANNER.plan(parse(BEDS_QUERY), None), {}, subgraphs)

    assert answer["data"] == {"bed": {"size": "S", "rails": None}}
    assert paths(answer) == [["bed", "rails"]]


@pytest.mark.parametrize("where", ["entity", "root"])
async def test_errors_are_told_up_to_a_number(where: str) -> None:
    patients = [{"id": "1", "name": None} for _ in range(600)]
    errors = [{"message": "no", "path": ["_entities", 0, "owed"], "extensions": {"code": "X"}} for _ in range(3)]
    subgraphs = Subgraphs(a=[data({"patients": patients})], b=[{"data": {"_entities": [None]}, "errors": errors}])
    if where == "root":
        errors = [{"message": "no", "path": ["patients", n, "name"], "extensions": {"code": "X"}} for n in range(1_800)]
        subgraphs = Subgraphs(a=[{"data": {"patients": patients}, "errors": errors}])

    answer = await run("{ patients { owed } }" if where == "entity" else "{ patients { name } }", subgraphs)

    *told, last = answer["errors"]
    assert len(told) == MOST_ERRORS
    assert last == {"message": "800 more errors are left out.", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}


class OneFails(Subgraphs):
    """Subgraph b fails in a way that no transport should, c goes on until it is stopped."""

    ended = False

    async def execute(self, request: SubgraphRequest) -> Mapping[str, Any]:
        if request.subgraph == "b":
            await asyncio.sleep(0)
            raise ZeroDivisionError
        if request.subgraph == "c":
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0.01)
                self.ended = True
        return await super().execute(request)


async def test_what_runs_beside_an_unexpected_failure_has_ended_when_it_is_raised() -> None:
    subgraphs = OneFails(a=[data({"patient": {"id": "1", "ward": {"code": "N"}}})])

    with pytest.raises(ZeroDivisionError):
        await run("{ patient { owed ward { beds } } }", subgraphs)

    assert subgraphs.ended
