import asyncio
from datetime import date, timedelta

import pytest
from sqlmodel import delete, select

from subgraphs.kernel.idempotency import claim
from subgraphs.kernel.tables import IdempotencyRow
from tests.subgraphs.logins import GOOD_PASSWORD


async def test_somebody_signs_up_and_their_event_opens_the_login(sign_up, logins, announced, look):
    payload = await sign_up(address="Delhi , Saket ", weight=70.5, height=175)
    patient = payload["patient"]
    assert (patient["name"], patient["address"], payload["errors"]) == ("Huzaifa", "Delhi , Saket ", [])
    assert logins.held == {"huzaifa@example.com": patient["id"]}
    [event] = await announced()
    assert (event.type, event.key, event.data["opens_login"]) == ("patient.registered", patient["id"], True)
    assert (event.actor.account_id, event.actor.name) == (None, "huzaifa@example.com")
    assert "password" not in event.to_json().decode()


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR", "ADMIN"])
async def test_anybody_signed_in_may_make_a_patient_with_a_login_too(sign_up, signer, announced, role):
    assert (await sign_up(signer.bearer(role)))["errors"] == []
    [event] = await announced()
    assert (event.actor.role, event.data["opens_login"]) == (role, True)


async def test_it_needs_an_e_mail(sign_up, logins, find):
    payload = await sign_up(email=None, name="")
    assert [error["field"] for error in payload["errors"]] == [["name"], ["email"]]
    assert payload["errors"][1]["message"] == "A login needs an e-mail address."
    assert logins.asked == 0
    assert await find() == []


@pytest.mark.parametrize(("password", "code"), [("short", "WEAK_PASSWORD"), ("", "WEAK_PASSWORD")])
async def test_what_accounts_refuses_is_refused_and_nothing_is_written(sign_up, find, announced, password, code):
    payload = await sign_up(password=password)
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [(code, ["password"])]
    assert await find() == []
    assert await announced() == []


async def test_a_password_that_is_no_text_is_refused(sign_up, logins):
    payload = await sign_up(password="half a character \ud800", idempotencyKey="once")
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID_INPUT", ["password"])]
    assert logins.asked == 0


async def test_the_same_person_again_without_a_key_finds_the_e_mail_taken(sign_up, find):
    await sign_up()
    payload = await sign_up(email="HUZAIFA@example.com")
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("EMAIL_TAKEN", ["email"])]
    assert await find() == ["Huzaifa"]


async def test_of_two_sign_ups_at_once_for_one_e_mail_exactly_one_succeeds(sign_up, find, announced):
    payloads = await asyncio.gather(*(sign_up(name=f"Person {place}") for place in range(10)))
    assert sorted(len(payload["errors"]) for payload in payloads) == [0] + [1] * 9
    assert len(await find()) == 1
    assert len(await announced()) == 1


async def test_accounts_down_means_nothing_written_and_a_masked_error(sign_up, logins, find, announced):
    async def down() -> None:
        raise ConnectionError("accounts:8001 refused")

    logins.on_hold = down
    payload = await sign_up()
    assert payload["error"] == "INTERNAL_SERVER_ERROR"
    assert "8001" not in payload["message"]
    assert await find() == []
    assert await announced() == []


async def test_a_row_is_written_within_thirty_seconds_of_the_hold_or_not_at_all(
    sign_up, logins, clock, find, announced
):
    async def slow() -> None:
        clock.move(timedelta(seconds=31))

    logins.on_hold = slow
    assert (await sign_up(idempotencyKey="once"))["error"] == "INTERNAL_SERVER_ERROR"
    assert await find() == []
    assert await announced() == []
    logins.on_hold = None
    assert (await sign_up(idempotencyKey="once"))["errors"] == []


async def test_accounts_learns_whether_a_patient_was_written(sign_up, patients):
    id = (await sign_up())["patient"]["id"]
    assert await patients.service.exists(id)
    assert not await patients.service.exists(id[:-1] + "x")


class TestWithAKey:
    async def test_a_repeat_gives_the_same_patient_without_a_second_hold(self, sign_up, logins, find, announced):
        first = await sign_up(idempotencyKey="once")
        assert await sign_up(idempotencyKey="once") == first
        assert logins.asked == 1
        assert len(await find()) == len(await announced()) == 1

    async def test_a_repeat_gives_the_patient_as_it_now_is(self, sign_up, change):
        id = (await sign_up(idempotencyKey="once"))["patient"]["id"]
        await change(id, name="Huzaifa Ansari")
        assert (await sign_up(idempotencyKey="once"))["patient"]["name"] == "Huzaifa Ansari"

    async def test_twenty_at_once_make_one_patient(self, sign_up, logins, find, announced):
        payloads = await asyncio.gather(*(sign_up(idempotencyKey="once") for _ in range(20)))
        assert {payload["patient"]["id"] for payload in payloads} == set(logins.held.values())
        assert [payload["errors"] for payload in payloads] == [[]] * 20
        assert len(await find()) == len(await announced()) == 1

    async def test_a_try_cut_off_after_the_hold_goes_on_with_the_same_login(self, sign_up, logins, find, clock):
        async def slow() -> None:
            clock.move(timedelta(seconds=31))

        logins.on_hold = slow
        await sign_up(idempotencyKey="once")
        [held] = logins.held.values()
        logins.on_hold = None
        assert (await sign_up(idempotencyKey="once"))["patient"]["id"] == held

    @pytest.mark.parametrize("other", [{"name": "Another"}, {"password": "another long password"}])
    async def test_another_input_is_refused(self, sign_up, logins, find, other):
        await sign_up(idempotencyKey="once")
        payload = await sign_up(idempotencyKey="once", **other)
        assert [error["code"] for error in payload["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
        assert logins.asked == 1
        assert await find() == ["Huzaifa"]

    async def test_the_key_is_the_e_mails_own(self, sign_up, find):
        await sign_up(idempotencyKey="once")
        assert (await sign_up(idempotencyKey="once", email="other@example.com"))["errors"] == []
        assert len(await find()) == 2

    async def test_a_refusal_is_not_kept(self, sign_up):
        assert (await sign_up(idempotencyKey="once", password="short"))["errors"][0]["code"] == "WEAK_PASSWORD"
        assert (await sign_up(idempotencyKey="once"))["errors"] == []

    async def test_one_that_loses_to_an_equal_one_under_another_id_gets_its_patient(
        self, sign_up, logins, patients, find
    ):
        async def another_is_faster() -> None:
            logins.on_hold = None
            await patients.base.database.transaction(lambda session: session.exec(delete(IdempotencyRow)))
            faster.append(await sign_up(idempotencyKey="once"))

        faster: list[dict] = []
        logins.on_hold = another_is_faster
        assert [await sign_up(idempotencyKey="once")] == faster
        assert faster[0]["errors"] == []
        assert await find() == ["Huzaifa"]

    async def test_no_plain_hash_of_the_password_is_kept(self, sign_up, patients):
        await sign_up(idempotencyKey="once")
        async with patients.base.database.reading() as session:
            row = (await session.exec(select(IdempotencyRow).where(IdempotencyRow.mutation == "registerPatient"))).one()
        values = {"sex": None, "phone": None, "address": None, "weight": None, "height": None}
        given = {"name": "Huzaifa", "dob": date(1990, 1, 1), "email": "huzaifa@example.com", **values}
        guess = claim("huzaifa@example.com", "registerPatient", "once", {**given, "password": GOOD_PASSWORD})
        assert guess is not None
        assert row.input_hash != guess.input_hash
