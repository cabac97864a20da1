from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import pytest
from graphql import parse
from structlog.testing import capture_logs

from router.executor import execute
from router.planner import Planner
from router.transports.base import TransportError, Unreachable
from tests.router.executor.subgraphs import Reply, Subgraphs, data, entities, run
from tests.router.planner.plans import supergraph_of

INTERNAL = {"code": "INTERNAL_SERVER_ERROR"}
Logs = list[MutableMapping[str, Any]]


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as entries:
        yield entries


def in_the_log(error: dict[str, Any], logs: Logs) -> Mapping[str, Any]:
    """What the log says under the id that the client got."""
    assert error["extensions"].keys() == {"code", "errorId"}
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    [entry] = [entry for entry in logs if entry["error_id"] == error["extensions"]["errorId"]]
    return entry


@pytest.mark.parametrize(
    ("failure", "reason"), [(Unreachable("away"), {"reason": "TRY_AGAIN"}), (TransportError("too large"), {})]
)
async def test_a_subgraph_that_nobody_reached_may_be_asked_again(failure: Exception, reason: dict[str, str]) -> None:
    answer = await run("{ patients { id } }", Subgraphs(a=[failure]))

    [error] = answer["errors"]
    assert {name: value for name, value in error["extensions"].items() if name != "errorId"} == INTERNAL | reason


async def test_an_entitys_error_has_the_path_of_each_place_it_stands_for() -> None:
    error = {"message": "no", "path": ["_entities", 1, "owed"], "extensions": {"code": "X"}, "locations": [{"line": 1}]}
    replies = {"data": {"_entities": [{"owed": 1}, None]}, "errors": [error]}
    patients = [{"id": "1"}, {"id": "2"}, {"id": "2"}]
    subgraphs = Subgraphs(a=[data({"patients": patients})], b=[replies])

    answer = await run("{ patients { owed } }", subgraphs)

    assert answer["data"] == {"patients": [{"owed": 1}, {"owed": None}, {"owed": None}]}
    assert answer["errors"] == [
        {"message": "no", "path": ["patients", i, "owed"], "extensions": {"code": "X"}} for i in (1, 2)
    ]


async def test_a_subgraph_that_is_down_costs_its_own_fields_alone(logs: Logs) -> None:
    subgraphs = Subgraphs(a=[data({"patient": {"name": "Ada", "id": "1"}})], b=[TransportError("refused")])

    answer = await run("{ patient { name owed } }", subgraphs)

    assert answer["data"] == {"patient": {"name": "Ada", "owed": None}}
    [error] = answer["errors"]
    assert error["path"] == ["patient", "owed"]
    assert in_the_log(error, logs)["cause"] == "refused"


async def test_a_root_that_is_down_costs_its_own_fields_alone() -> None:
    subgraphs = Subgraphs(a=[TransportError("refused")], c=[data({"wards": [{"code": "N"}]})])

    answer = await run("{ patient { name } wards { code } }", subgraphs)

    assert answer["data"] == {"patient": None, "wards": [{"code": "N"}]}
    assert [e["path"] for e in answer["errors"]] == [["patient"]]


async def test_an_error_of_a_renamed_field_has_the_clients_name() -> None:
    error = {"message": "no", "path": ["patient", "_qp_c_id"], "extensions": {"code": "X"}}
    subgraphs = Subgraphs(a=[{"data": {"patient": {"_qp_c_id": None, "id": "1"}}, "errors": [error]}])

    answer = await run("{ patient { id: name } }", subgraphs)

    assert answer == {"data": {"patient": {"id": None}}, "errors": [error | {"path": ["patient", "id"]}]}


async def test_a_subgraphs_error_without_a_code_gets_one() -> None:
    error = {"message": "no", "path": ["patient"], "extensions": {"reason": "R"}}
    subgraphs = Subgraphs(a=[{"data": {"patient": None}, "errors": [error]}])

    answer = await run("{ patient { name } }", subgraphs)

    assert answer["errors"] == [error | {"extensions": {"reason": "R", **INTERNAL}}]


@pytest.mark.parametrize("where", ["a", "b"])
async def test_of_a_subgraphs_extensions_clients_see_what_is_theirs(where: str) -> None:
    extensions = {"code": "X", "reason": "R", "retryAfterSeconds": 3, "errorId": "e", "exception": {"stacktrace": []}}
    error = {"message": "no", "path": ["patient" if where == "a" else "_entities"], "extensions": extensions}
    replies = {"a": data({"patient": {"id": "1"}}), "b": data({"_entities": [None]})}
    replies[where] |= {"errors": [error]}
    subgraphs = Subgraphs(**{name: [reply] for name, reply in replies.items()})

    answer = await run("{ patient { owed } }", subgraphs)

    del extensions["exception"]
    assert [e["extensions"] for e in answer["errors"]] == [extensions]


async def test_a_null_that_the_schema_forbids_propagates_and_is_explained(logs: Logs) -> None:
    subgraphs = Subgraphs(a=[data({"patients": [{"age": 3}, {"age": None}]})])

    answer = await run("{ patients { age } }", subgraphs)

    assert answer["data"] == {"patients": [{"age": 3}, None]}
    [error] = answer["errors"]
    assert error["message"] == "Cannot return null for non-nullable field Patient.age."
    assert error["path"] == ["patients", 1, "age"]
    assert in_the_log(error, logs)["fields"] == ["Patient.age"]


async def test_what_was_lost_with_its_object_is_explained_by_the_error_within_it() -> None:
    error = {"message": "no", "path": ["_entities", 0, "bills", 0, "paid"], "extensions": {"code": "X"}}
    subgraphs = Subgraphs(
        a=[data({"patient": {"id": "1"}})], b=[{"data": {"_entities": [None]}, "errors": [error]}], c=[]
    )

    answer = await run("{ patient { due bills { paid } } }", subgraphs)

    assert answer["data"] == {"patient": None}
    assert answer["errors"] == [error | {"path": ["patient", "bills", 0, "paid"]}]


async def test_an_entity_that_its_subgraph_has_not_is_null_where_it_may_be_and_no_error() -> None:
    subgraphs = Subgraphs(
        a=[data({"patient": {"id": "1"}, "patients": [{"id": "1"}, {"id": "2"}]})],
        b=[data({"_entities": [None, {"owed": 7, "due": 7}]})],
    )

    answer = await run("{ patient { due } patients { due } }", subgraphs)

    assert answer == {"data": {"patient": None, "patients": [None, {"due": 7}]}}


async def test_where_it_may_not_be_null_that_is_an_error() -> None:
    subgraphs = Subgraphs(a=[data({"chief": {"id": "1"}})], b=[data({"_entities": [None]})])

    answer = await run("{ chief { due } }", subgraphs)

    assert answer["data"] is None
    assert [e["path"] for e in answer["errors"]] == [["chief", "due"]]


async def test_an_error_beside_it_does_not_explain_a_null_that_was_answered() -> None:
    error = {"message": "no", "path": ["patient", "name"], "extensions": {"code": "X"}}
    subgraphs = Subgraphs(a=[{"data": {"patient": {"name": None, "age": None}}, "errors": [error]}])

    answer = await run("{ patient { name age } }", subgraphs)

    assert [e["path"] for e in answer["errors"]] == [["patient", "name"], ["patient", "age"]]


async def test_a_null_in_a_list_that_allows_none_propagates_to_the_response() -> None:
    error = {"message": "no", "path": ["wards", 0], "extensions": {"code": "X"}}
    subgraphs = Subgraphs(c=[{"data": {"wards": [None]}, "errors": [error]}])

    answer = await run("{ wards { code } }", subgraphs)

    assert answer == {"data": None, "errors": [error]}


ODD_REPLIES: list[Reply] = [
    None,
    [],
    "text",
    {},
    {"data": []},
    {"data": "text"},
    {"data": None, "errors": "text"},
    {"data": None, "errors": [None, 3, {"message": {}}, {"path": "x"}, {"path": [{}], "message": "m"}]},
    {
        "data": None,
        "errors": [{"message": "m", "path": ["_entities", 99]}, {"message": "m", "path": ["_entities", -1]}],
    },
    {"data": {"_entities": None}},
    {"data": {"_entities": {}}},
    {"data": {"_entities": []}},
    {"data": {"_entities": [{}, {}]}},
    {"data": {"_entities": [3]}},
    {"data": {"_entities": [{"owed": 1, "bills": {"total": 3}}]}},
    {"data": {"_entities": [{"owed": 1, "bills": [3, [], None, {"total": None}]}]}},
    {"data": {"_entities": [{"owed": 1, "bills": [{"__typename": ["Bill"], "total": None}]}]}},
]


@pytest.mark.parametrize("reply", ODD_REPLIES, ids=str)
async def test_an_odd_reply_for_entities_is_contained(reply: Reply) -> None:
    subgraphs = Subgraphs(a=[data({"patient": {"name": "Ada", "id": "1"}})], b=[reply])

    answer = await run("{ patient { name owed bills { total } } }", subgraphs)

    assert answer["data"]["patient"]["name"] == "Ada"
    assert answer["data"]["patient"]["bills"] is None


def nested(levels: int) -> Reply:
    """The innermost of many lists holds the object that was asked for."""
    found: Reply = {"total": 3, "bills": []}
    for _ in range(levels):
        found = [found]
    return found


async def test_an_answer_nested_too_deeply_is_contained() -> None:
    patients = nested(2_000)
    reply = {"data": {"_e0": [patients], "_e1": []}}
    subgraphs = Subgraphs(a=[data({"patient": {"id": "1", "ward": patients}, "patients": patients})], b=[reply], c=[])

    answer = await run("{ patient { owed ward { beds } } patients { bills { total } } }", subgraphs)

    assert answer["data"] == {"patient": {"owed": None, "ward": None}, "patients": [None]}


PETS = """
type Query @join__type(graph: A) { pet: Pet }
union Pet @join__type(graph: A) @join__unionMember(graph: A, member: "Cat") = Cat
type Cat @join__type(graph: A) { name: String }
"""


@pytest.mark.parametrize("name", [None, 3, ["Cat"], {}, "Dog"], ids=str)
async def test_an_odd_type_name_is_contained(name: Any) -> None:
    plan = Planner(supergraph_of(PETS)).plan(parse("{ pet { ... on Cat { name } } }"), None)

    answer = await execute(plan, {}, Subgraphs(a=[data({"pet": {"__typename": name, "name": "x"}})]))

    assert answer == {"data": {"pet": None}}


REQUIRED = """
type Query @join__type(graph: A) { pet: Pet! cat: Cat }
interface Pet @join__type(graph: A) { name: String! }
type Cat implements Pet @join__implements(graph: A, interface: "Pet") @join__type(graph: A) { name: String! }
"""


async def test_a_type_that_is_asked_for_under_another_name_is_no_null() -> None:
    plan = Planner(supergraph_of(REQUIRED)).plan(parse("{ pet { kind: __typename } cat { name } }"), None)

    answer = await execute(plan, {}, Subgraphs(a=[data({"pet": {"kind": "Cat"}, "cat": {"name": None}})]))

    assert answer["data"] == {"pet": {"kind": "Cat"}, "cat": None}
    assert [error["path"] for error in answer["errors"]] == [["cat", "name"]]


ODD_ROOTS: list[Reply] = [
    *ODD_REPLIES[:9],
    {"data": {"patient": 3}},
    {"data": {"patient": [[]]}},
    {"data": {"patient": {"id": {}, "name": []}}},
]


@pytest.mark.parametrize("reply", ODD_ROOTS, ids=str)
async def test_an_odd_reply_for_a_root_is_contained(reply: Reply) -> None:
    subgraphs = Subgraphs(a=[reply], b=[{"data": {"_entities": [None]}}])

    answer = await run("{ patient { owed } }", subgraphs)

    assert answer["data"] in ({"patient": None}, {"patient": {"owed": None}})


@pytest.mark.parametrize("reply", [TransportError("slow"), None], ids=str)
async def test_a_lost_answer_to_a_mutation_is_told_to_be_in_doubt(reply: Reply) -> None:
    answer = await run("mutation { admit { name ward { code } } }", Subgraphs(a=[reply]))

    [error] = answer["errors"]
    assert "not known whether the change was made" in error["message"]
    assert "idempotencyKey" in error["message"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_the_transport_is_told_what_is_a_mutation() -> None:
    subgraphs = Subgraphs(a=[data({"admit": {"id": "1"}})], b=[entities({"owed": 1})])

    await run("mutation { admit { owed } }", subgraphs)

    assert [request.is_mutation for request in subgraphs.asked] == [True, False]


async def test_a_lost_answer_to_a_query_leaves_nothing_in_doubt() -> None:
    answer = await run("{ patient { name } }", Subgraphs(a=[TransportError("slow")]))

    assert "not known" not in answer["errors"][0]["message"]


async def test_introspection_that_goes_wrong_has_a_code() -> None:
    query = "query ($deep: Boolean = true) { __schema { queryType { name @include(if: $deep) } } }"

    answer = await run(query, Subgraphs(), deep=None)

    assert [e["extensions"] for e in answer["errors"]] == [{"code": "BAD_USER_INPUT"}]
