"""A record is amended by who wrote it, and nothing of what it said is lost."""

import asyncio
from datetime import timedelta

import pytest

from subgraphs.kernel.ids import new_id
from tests.subgraphs.records.conftest import AMEND, PARACETAMOL, problems


@pytest.fixture
async def record(house, treated):
    return await house.created(*treated, diagnoses=[{"code": "J06.9"}], medicines=[PARACETAMOL])


async def test_an_amendment_is_a_new_version_and_the_old_one_stays(house, treated, record, clock):
    clock.move(timedelta(hours=1))
    payload = await house.amend(treated[0], record["id"], description="Not a cold", diagnoses=[{"code": "J45.909"}])
    amended = payload["medicalRecord"]
    assert (payload["errors"], amended["version"]) == ([], 2)
    assert [code["code"] for code in amended["diagnoses"]] == ["J45.909"]
    assert amended["medicines"] == [PARACETAMOL], "what is left out stays"
    assert amended["createdAt"] == record["createdAt"] < amended["updatedAt"]
    first, second = amended["versions"]
    assert first == record["versions"][0]
    assert (second["version"], second["description"], second["reason"]) == (2, "Not a cold", "Mistyped")
    assert (second["recordedAt"], second["byAccountId"]) == ("2026-03-02T07:00:00Z", f"account-{treated[0][-12:]}")
    assert await house.look(record["id"], house.as_patient(treated[1])) == amended
    events = [m for m in await house.announced() if m.type == "medical_record.amended"]
    assert [(m.key, m.audit["action"], m.audit["reason"]) for m in events] == [(record["id"], "UPDATE", None)]


async def test_null_clears_what_may_be_empty(house, treated, record):
    cleared = {"diagnoses": None, "medicines": None, "revisitingDate": None}
    amended = (await house.amend(treated[0], record["id"], **cleared))["medicalRecord"]
    assert (amended["diagnoses"], amended["medicines"], amended["revisitingDate"]) == ([], [], None)
    refused = await house.amend(treated[0], record["id"], description=None)
    assert problems(refused) == [("INVALID_INPUT", ["description"])]


async def test_what_changes_nothing_is_no_version(house, treated, record):
    same = await house.amend(treated[0], record["id"], description=record["description"], medicines=[PARACETAMOL])
    assert same == {"medicalRecord": record, "errors": []}
    assert [m.type for m in await house.announced()] == ["medical_record.created", "medical_record.read"]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"reason": " "}, "INVALID_INPUT", ["reason"]),
        ({"reason": "x" * 1001}, "INVALID_INPUT", ["reason"]),
        ({"reason": "\x07"}, "INVALID_INPUT", ["reason"]),
        ({"description": ""}, "INVALID_INPUT", ["description"]),
        ({"diagnoses": [{"code": "J06.9"}, {"code": "none"}]}, "INVALID_INPUT", ["diagnoses", "1", "code"]),
        ({"medicines": [PARACETAMOL | {"name": ""}]}, "INVALID_INPUT", ["medicines", "0", "name"]),
        ({"revisitingDate": "2026-03-01"}, "INVALID_INPUT", ["revisitingDate"]),
        ({"expectedVersion": 2}, "VERSION_CONFLICT", ["expectedVersion"]),
    ],
)
async def test_what_is_wrong_is_told_at_its_place_and_changes_nothing(house, treated, record, given, code, field):
    assert problems(await house.amend(treated[0], record["id"], **{"description": "New", **given})) == [(code, field)]
    assert await house.look(record["id"], house.as_doctor(treated[0])) == record


async def test_only_who_wrote_it_amends_it(house, treated, record):
    colleague, breaker, stranger = new_id(), new_id(), new_id()
    await house.visit(colleague, treated[1])
    await house.break_glass(house.as_doctor(breaker), treated[1])
    wanted = {"id": record["id"], "reason": "Mine", "description": "Mine"}
    for doctor in (colleague, breaker):
        assert await house.refused(AMEND, house.as_doctor(doctor), input=wanted) == "FORBIDDEN"
    for id in (record["id"], new_id(), "", "nobody"):
        assert problems(await house.amend(stranger, id)) == [("NOT_FOUND", ["id"])]
    assert await house.look(record["id"], house.as_doctor(treated[0])) == record


async def test_of_many_at_once_none_is_lost(house, treated, record):
    texts = [f"Text {number}" for number in range(10)]
    payloads = await asyncio.gather(*(house.amend(treated[0], record["id"], description=text) for text in texts))
    assert {payload["medicalRecord"]["version"] for payload in payloads} == set(range(2, 12))
    seen = await house.look(record["id"], house.as_doctor(treated[0]))
    assert {version["description"] for version in seen["versions"]} == {record["description"], *texts}
    assert [version["version"] for version in seen["versions"]] == list(range(1, 12))


async def test_of_many_who_expect_the_same_version_one_is_first(house, treated, record):
    expecting = (
        house.amend(treated[0], record["id"], description=f"Text {number}", expectedVersion=1) for number in range(10)
    )
    payloads = await asyncio.gather(*expecting)
    assert sorted(code for payload in payloads for code, _ in problems(payload)) == ["VERSION_CONFLICT"] * 9
