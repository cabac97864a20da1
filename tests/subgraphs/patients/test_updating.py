import asyncio
from datetime import timedelta

import pytest

from subgraphs.kernel.database import Race
from subgraphs.kernel.ids import new_id
from subgraphs.patients import repository


@pytest.fixture
async def huzaifa(register, clock) -> dict:
    given = {
        "email": "h@example.com",
        "phone": "9876543210",
        "address": "Delhi , Saket ",
        "weight": 70.5,
        "height": 175,
    }
    patient = (await register(**given))["patient"]
    clock.move(timedelta(minutes=5))
    return patient


async def test_what_is_given_changes_and_the_rest_stays(change, huzaifa, announced):
    payload = await change(huzaifa["id"], name="Huzaifa Ansari", address="South Delhi, India", weight=72)
    assert payload["errors"] == []
    assert payload["patient"] == huzaifa | {
        "name": "Huzaifa Ansari",
        "address": "South Delhi, India",
        "weight": 72.0,
        "version": 2,
        "updatedAt": "2026-03-02T06:05:00Z",
    }
    event = (await announced())[-1]
    assert (event.type, event.data["version"], event.data["name"]) == ("patient.updated", 2, "Huzaifa Ansari")


@pytest.mark.parametrize("role", ["PATIENT", "RECEPTIONIST", "ADMIN"])
async def test_the_patient_the_desk_and_an_admin_may(change, huzaifa, signer, role):
    claims = {"patient_id": huzaifa["id"]} if role == "PATIENT" else {}
    assert (await change(huzaifa["id"], signer.bearer(role, **claims), weight=71))["patient"]["weight"] == 71.0


@pytest.mark.parametrize("role", ["DOCTOR", "BILLING_CLERK", "AUDITOR"])
async def test_other_roles_never_may_whatever_the_id(change, huzaifa, look, signer, role):
    assert (await change(huzaifa["id"], signer.bearer(role), weight=71))["error"] == "FORBIDDEN"
    assert (await change("nobody", signer.bearer(role), weight=71))["error"] == "FORBIDDEN"
    assert await look(huzaifa["id"]) == huzaifa


async def test_nobody_may_without_a_token(change, huzaifa, look):
    assert (await change(huzaifa["id"], None, weight=71))["error"] == "UNAUTHENTICATED"
    assert await look(huzaifa["id"]) == huzaifa


async def test_anothers_id_is_as_unknown_as_one_that_never_was_and_is_announced(
    change, huzaifa, look, signer, announced
):
    stranger = signer.bearer("PATIENT", patient_id=new_id())
    anothers = await change(huzaifa["id"], stranger, weight=71)
    unknown = await change(new_id(), stranger, weight=71)
    assert anothers == unknown
    assert [error["code"] for error in anothers["errors"]] == ["NOT_FOUND"]
    assert await look(huzaifa["id"]) == huzaifa
    denied = (await announced())[1:]
    assert [(event.type, event.data["deed"], event.key) for event in denied] == [
        ("access.denied", "updatePatient", huzaifa["id"])
    ]


@pytest.mark.parametrize("id", ["", "nobody", "x\x00y", "half \ud800", "0" * 5000])
async def test_an_id_of_no_form_is_not_found(change, id):
    assert [error["code"] for error in (await change(id, weight=71))["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("field", ["email", "phone", "address", "weight", "height", "sex", "deceasedAt"])
async def test_null_clears_what_may_be_empty(change, huzaifa, field):
    await change(huzaifa["id"], sex="OTHER", deceasedAt="2026-03-01T00:00:00Z")
    payload = await change(huzaifa["id"], **{field: None})
    assert (payload["errors"], payload["patient"][field]) == ([], None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", " "),
        ("dob", None),
        ("dob", "2026-03-03"),
        ("dob", "0001-01-01"),
        ("email", "nobody"),
        ("phone", "12"),
        ("address", ""),
        ("weight", -1),
        ("height", 1e9),
        ("deceasedAt", "2026-03-02T06:05:01Z"),
        ("deceasedAt", "1989-12-31T23:59:59Z"),
        ("deceasedAt", "0001-01-01T00:00:00Z"),
        ("deceasedAt", "9999-12-31T23:59:59Z"),
    ],
)
async def test_it_says_which_field_is_not_fit_and_changes_nothing(change, huzaifa, look, announced, field, value):
    payload = await change(huzaifa["id"], **{"weight": 99, field: value})
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID_INPUT", [field])]
    assert payload["patient"] is None
    assert await look(huzaifa["id"]) == huzaifa
    assert len(await announced()) == 1


async def test_a_birth_after_the_death_is_refused_too(change, huzaifa):
    await change(huzaifa["id"], deceasedAt="2020-01-01T00:00:00Z")
    payload = await change(huzaifa["id"], dob="2021-01-01")
    assert [error["field"] for error in payload["errors"]] == [["deceasedAt"]]


async def test_a_death_may_be_of_the_day_of_the_birth_and_may_be_taken_back(change, huzaifa, announced):
    assert (await change(huzaifa["id"], deceasedAt="1990-01-01T00:00:00Z"))["errors"] == []
    assert (await announced())[-1].data["deceased_at"] == "1990-01-01T00:00:00Z"
    assert (await change(huzaifa["id"], deceasedAt=None))["patient"]["deceasedAt"] is None


async def test_a_date_without_an_offset_is_bad_input(change, huzaifa, look):
    assert (await change(huzaifa["id"], deceasedAt="2026-03-01T00:00:00"))["error"] == "BAD_USER_INPUT"
    assert await look(huzaifa["id"]) == huzaifa


async def test_an_update_that_changes_nothing_gives_the_patient_as_it_is(change, huzaifa, announced):
    same = {name: huzaifa[name] for name in ("name", "dob", "phone", "address", "weight", "deceasedAt")}
    assert (await change(huzaifa["id"], **same))["patient"] == huzaifa
    assert (await change(huzaifa["id"]))["patient"] == huzaifa
    assert len(await announced()) == 1


class TestExpectedVersion:
    async def test_the_present_one_is_taken(self, change, huzaifa):
        assert (await change(huzaifa["id"], weight=71, expectedVersion=1))["patient"]["version"] == 2
        assert (await change(huzaifa["id"], weight=72, expectedVersion=None))["patient"]["version"] == 3

    @pytest.mark.parametrize("stale", [0, 2, -1, 2**31 - 1])
    async def test_another_is_a_conflict_and_nothing_is_written(self, change, huzaifa, look, stale):
        payload = await change(huzaifa["id"], weight=71, expectedVersion=stale)
        assert [(error["code"], error["field"]) for error in payload["errors"]] == [
            ("VERSION_CONFLICT", ["expectedVersion"])
        ]
        assert await look(huzaifa["id"]) == huzaifa

    async def test_of_ten_at_once_exactly_one_wins(self, change, huzaifa, look):
        tries = (change(huzaifa["id"], weight=60 + place, expectedVersion=1) for place in range(10))
        payloads = await asyncio.gather(*tries)
        assert sorted(len(payload["errors"]) for payload in payloads) == [0] + [1] * 9
        assert (await look(huzaifa["id"]))["version"] == 2

    async def test_what_was_read_before_somebody_else_wrote_is_not_written(self, change, huzaifa, patients, look):
        async with patients.base.database.reading() as session:
            stale = await repository.patient(session, huzaifa["id"])
        await change(huzaifa["id"], weight=71)

        async def work(session) -> None:
            await repository.change(session, stale, {"weight": 99.0})

        with pytest.raises(Race):
            await patients.base.database.transaction(work)
        assert (await look(huzaifa["id"]))["weight"] == 71.0

    async def test_without_it_every_one_of_ten_at_once_counts(self, change, huzaifa, look):
        await asyncio.gather(*(change(huzaifa["id"], weight=60 + place) for place in range(10)))
        assert (await look(huzaifa["id"]))["version"] == 11
