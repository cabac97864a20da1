"""Answers in parts: what is told when, and where nulls and errors end."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from random import Random
from typing import Any

import pytest
from graphql import parse, validate

from router.executor import deliver, execute
from router.planner.deferral import deferring_of
from router.transports.base import SubgraphRequest, TransportError
from tests.router.executor import clinic, subgraphs
from tests.router.executor.clinic import SUPERGRAPH, Clinic
from tests.router.executor.sprinkled import SWITCHES, Sprinkler
from tests.router.executor.subgraphs import Subgraphs, data, entities

ON = frozenset[str]()


async def parts(query: str, transport: Any, **variables: Any) -> list[Mapping[str, Any]]:
    planner = subgraphs.PLANNER if isinstance(transport, Subgraphs) else clinic.PLANNER
    document = parse(query)
    assert not validate(planner.supergraph.public_schema, document)
    return [part async for part in deliver(planner.plan(document, None, switched_on=ON), variables, transport)]


async def test_what_is_deferred_comes_after_the_rest() -> None:
    transport = Subgraphs(a=[data({"patient": {"id": "1", "name": "Ada"}})], b=[entities({"owed": 3})])

    first, second = await parts('{ patient { name ... @defer(label: "owed") { owed } } }', transport)

    assert first == {"data": {"patient": {"name": "Ada"}}, "hasNext": True}
    assert second == {
        "incremental": [{"data": {"owed": 3}, "path": ["patient"], "label": "owed"}],
        "hasNext": False,
    }


async def test_what_the_same_subgraph_answers_is_asked_of_it_again() -> None:
    transport = Subgraphs(a=[data({"patient": {"id": "1", "name": "Ada"}}), entities({"age": 3})])

    first, second = await parts("{ patient { name ... @defer { age } } }", transport)

    assert first["data"] == {"patient": {"name": "Ada"}}
    assert second["incremental"][0]["data"] == {"age": 3}


async def test_each_item_of_a_list_has_a_part_and_nulls_have_none() -> None:
    first, second = await parts("{ patients { id ... @defer { owed } } }", Clinic())

    assert first["data"] == {"patients": [{"id": "p1"}, None, {"id": "p2"}]}
    assert second["incremental"] == [
        {"data": {"owed": 1}, "path": ["patients", 0]},
        {"data": {"owed": 2}, "path": ["patients", 2]},
    ]


async def test_parts_of_one_type_are_only_told_of_its_objects() -> None:
    _, second = await parts("{ staff { __typename ... on Nurse @defer { shift } } }", Clinic())

    assert [(part["path"], part["data"]) for part in second["incremental"]] == [
        (["staff", 1], {"shift": "night"}),
        (["staff", 2], {"shift": None}),
    ]


async def test_what_no_key_leads_to_is_fetched_at_once_and_told_apart() -> None:
    transport = Clinic()

    first, second = await parts("{ patient { address { city ... @defer { street } } } }", transport)

    assert transport.asked == ["a"]
    assert first["data"] == {"patient": {"address": {"city": "Ulm"}}}
    assert second["incremental"] == [{"data": {"street": "High Street"}, "path": ["patient", "address"]}]


async def test_a_part_within_a_part_comes_after_it() -> None:
    query = "{ patient { ... @defer { doctor { id ... @defer { fee } } } } }"

    told = [part for payload in await parts(query, Clinic()) for part in payload.get("incremental", ())]

    assert told == [
        {"data": {"doctor": {"id": "d1"}}, "path": ["patient"]},
        {"data": {"fee": 9}, "path": ["patient", "doctor"]},
    ]


async def test_fields_that_two_parts_ask_for_are_in_both_and_fetched_once() -> None:
    async def delay(request: SubgraphRequest) -> None:
        for _ in range(20 if "owed" in request.document else 0):
            await asyncio.sleep(0)

    transport = Clinic(delay)
    query = "{ patient { id ... @defer { owed } ... @defer { owed bills { total } } } }"

    told = [part["data"] for payload in await parts(query, transport) for part in payload.get("incremental", ())]

    assert sorted(told, key=len) == [{"owed": 1}, {"owed": 1, "bills": []}]
    assert transport.asked == ["a", "b", "b"]


async def test_a_null_that_may_not_be_stays_within_its_part() -> None:
    transport = Subgraphs(a=[data({"patient": {"id": "1"}})], b=[entities({"due": None})])

    first, second = await parts("{ patient { id ... @defer { due } } }", transport)

    assert first["data"] == {"patient": {"id": "1"}}
    [part] = second["incremental"]
    assert (part["data"], part["path"]) == (None, ["patient"])
    assert part["errors"][0]["path"] == ["patient", "due"]


async def test_a_subgraph_that_fails_costs_only_the_part_that_asks_it() -> None:
    transport = Subgraphs(a=[data({"patients": [{"id": "1"}, {"id": "2"}]})], b=[TransportError("down")])

    first, second = await parts("{ patients { id ... @defer { owed } } }", transport)

    assert "errors" not in first
    assert [(part["data"], part["errors"][0]["path"]) for part in second["incremental"]] == [
        ({"owed": None}, ["patients", 0, "owed"]),
        ({"owed": None}, ["patients", 1, "owed"]),
    ]


async def test_an_error_of_a_field_that_was_fetched_early_is_told_with_its_part() -> None:
    failed = {"message": "no map", "path": ["patient", "address", "street"]}
    answer = {"data": {"patient": {"address": {"city": "Ulm", "street": None}}}, "errors": [failed]}
    planner = clinic.PLANNER
    query = "{ patient { address { city ... @defer { street } } } }"

    payloads = [p async for p in deliver(planner.plan(parse(query), None, switched_on=ON), {}, Subgraphs(a=[answer]))]

    assert "errors" not in payloads[0]
    assert payloads[1]["incremental"][0]["errors"][0]["path"] == ["patient", "address", "street"]


@pytest.mark.parametrize("patient", [None, {"id": None}])
async def test_nothing_follows_where_there_is_no_object(patient: Any) -> None:
    transport = Subgraphs(a=[data({"patient": patient})])

    answers = await parts("{ patient { id ... @defer { owed ... @defer { due } } } }", transport)

    assert len(answers) == 1
    assert (answers[0]["data"], answers[0]["hasNext"]) == ({"patient": None}, False)


async def test_a_part_that_is_skipped_is_not_told() -> None:
    query = "query($x: Boolean!) { patient { id ... @defer @include(if: $x) { owed } } }"

    answers = await parts(query, Clinic(), x=False)

    assert answers == [{"data": {"patient": {"id": "p1"}}, "hasNext": False}]


async def test_a_part_begins_before_what_it_does_not_need_is_there() -> None:
    begun = asyncio.Event()

    async def delay(request: SubgraphRequest) -> None:
        if request.subgraph == "b":
            begun.set()
        if "wards" in request.document:
            await begun.wait()

    query = "{ wards { code } patient { id ... @defer { owed } } }"

    async with asyncio.timeout(5):
        first, second = await parts(query, Clinic(delay))

    assert first["data"]["patient"] == {"id": "p1"}
    assert second["incremental"][0]["data"] == {"owed": 1}


async def test_parts_of_a_mutation_wait_for_all_of_its_changes() -> None:
    ended: list[str] = []

    async def delay(request: SubgraphRequest) -> None:
        for _ in range(20 if "again" in request.document else 0):
            await asyncio.sleep(0)
        ended.append(request.subgraph)

    await parts("mutation { admit { id ... @defer { owed } } again: admit { name } }", Clinic(delay))

    assert ended == ["a", "a", "b"]


async def test_what_is_told_does_not_change_when_more_is_fetched() -> None:
    first, _ = await parts("{ patient { id ... @defer { name owed } } }", Clinic())

    assert first["data"] == {"patient": {"id": "p1"}}


async def test_who_goes_away_ends_what_still_runs() -> None:
    async def delay(request: SubgraphRequest) -> None:
        if request.subgraph == "b":
            await asyncio.Event().wait()

    transport = Clinic(delay)
    plan = clinic.PLANNER.plan(parse("{ patient { id ... @defer { owed } } }"), None, switched_on=ON)

    async with aclosing(deliver(plan, {}, transport)) as payloads:
        await anext(payloads)
        await asyncio.sleep(0)

    assert transport.ended == ["b"]


async def test_the_schema_may_be_asked_for_later() -> None:
    first, second = await parts('{ __typename ... @defer { __type(name: "Bill") { name } } }', Clinic())

    assert first["data"] == {"__typename": "Query"}
    assert second["incremental"] == [{"data": {"__type": {"name": "Bill"}}, "path": []}]


async def test_fields_come_in_the_order_of_their_part() -> None:
    query = "{ patient { ... @defer { owed id name } name id } }"

    first, second = await parts(query, Clinic())

    assert list(first["data"]["patient"]) == ["name", "id"]
    assert list(second["incremental"][0]["data"]) == ["owed", "id", "name"]


@pytest.mark.parametrize("seeds", [range(start, start + 25) for start in range(0, 150, 25)], ids=str)
async def test_all_parts_together_are_the_whole_answer(seeds: range) -> None:
    told = 0
    for seed in seeds:
        told += await compared(Sprinkler(SUPERGRAPH.public_schema, seed).operation(), Random(seed))

    assert told > len(seeds)


async def compared(text: str, random: Random) -> int:
    """How many parts came after the first."""
    document = parse(text)
    assert not validate(SUPERGRAPH.public_schema, document)
    deferring = deferring_of(document)
    switched_on = deferring.switched_on(SWITCHES) if deferring else None
    whole = await execute(clinic.PLANNER.plan(document, None), SWITCHES, Clinic())
    if switched_on is None:
        return 0

    async def delay(_: SubgraphRequest) -> None:
        for _ in range(random.randint(0, 5)):
            await asyncio.sleep(0)

    plan = clinic.PLANNER.plan(document, None, switched_on=switched_on)
    payloads = [payload async for payload in deliver(plan, SWITCHES, Clinic(delay))]
    assert [payload["hasNext"] for payload in payloads] == [*([True] * (len(payloads) - 1)), False]
    assert {"data": joined(payloads)} == whole, text
    return sum(len(payload.get("incremental", ())) for payload in payloads)


def joined(payloads: list[Mapping[str, Any]]) -> Any:
    whole = payloads[0]["data"]
    for part in (part for payload in payloads for part in payload.get("incremental", ())):
        place = whole
        for step in part["path"]:
            place = place[step]
        put(place, part["data"])
    return whole


def put(into: Any, value: Any) -> Any:
    if isinstance(into, dict) and isinstance(value, dict):
        for key, item in value.items():
            into[key] = put(into[key], item) if key in into else item
        return into
    if isinstance(into, list) and isinstance(value, list):
        return [put(known, item) for known, item in zip(into, value, strict=True)]
    return value
