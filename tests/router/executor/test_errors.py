import pytest

from router.transports.base import TransportError
from tests.router.executor.subgraphs import Reply, Subgraphs, data, run

LOST = {"code": "INTERNAL_SERVER_ERROR"}


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


async def test_a_subgraph_that_is_down_costs_its_own_fields_alone() -> None:
    subgraphs = Subgraphs(a=[data({"patient": {"name": "Ada", "id": "1"}})], b=[TransportError("refused")])

    answer = await run("{ patient { name owed } }", subgraphs)

    assert answer["data"] == {"patient": {"name": "Ada", "owed": None}}
    assert [(e["path"], e["extensions"]) for e in answer["errors"]] == [(["patient", "owed"], LOST)]


async def test_a_root_that_is_down_costs_its_own_fields_alone() -> None:
    subgraphs = Subgraphs(a=[TransportError("refused")], c=[data({"wards": [{"code": "N"}]})])

    answer = await run("{ patient { name } wards { code } }", subgraphs)

    assert answer["data"] == {"patient": None, "wards": [{"code": "N"}]}
    assert [e["path"] for e in answer["errors"]] == [["patient"]]


async def test_an_error_of_a_renamed_field_has_the_clients_name() -> None:
    error = {"message": "no", "path": ["patient", "_qp_c_id"]}
    subgraphs = Subgraphs(a=[{"data": {"patient": {"_qp_c_id": None, "id": "1"}}, "errors": [error]}])

    answer = await run("{ patient { id: name } }", subgraphs)

    assert answer == {"data": {"patient": {"id": None}}, "errors": [{"message": "no", "path": ["patient", "id"]}]}


async def test_a_null_that_the_schema_forbids_propagates_and_is_explained() -> None:
    subgraphs = Subgraphs(a=[data({"patients": [{"age": 3}, {"age": None}]})])

    answer = await run("{ patients { age } }", subgraphs)

    assert answer["data"] == {"patients": [{"age": 3}, None]}
    assert answer["errors"] == [
        {"message": "Cannot return null for non-nullable field Patient.age.", "path": ["patients", 1, "age"]}
    ]


async def test_a_null_in_a_list_that_allows_none_propagates_to_the_response() -> None:
    subgraphs = Subgraphs(c=[{"data": {"wards": [None]}, "errors": [{"message": "no", "path": ["wards", 0]}]}])

    answer = await run("{ wards { code } }", subgraphs)

    assert answer == {"data": None, "errors": [{"message": "no", "path": ["wards", 0]}]}


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
