import asyncio
from datetime import UTC, datetime

import pytest

from subgraphs.kernel.ids import is_id
from subgraphs.patients.app import build


async def test_the_front_desk_registers_a_patient_without_a_login(register, announced, logins):
    payload = await register(
        name="  Huzaifa ",
        email="huzaifa@example.com",
        phone="098765 43210",
        address="Delhi , Saket ",
        weight=70.5,
        height=175,
        sex="MALE",
    )
    assert payload["errors"] == []
    patient = payload["patient"]
    assert is_id(patient.pop("id"))
    assert patient == {
        "mrn": "MRN-0000001",
        "name": "Huzaifa",
        "email": "huzaifa@example.com",
        "phone": "+919876543210",
        "address": "Delhi , Saket ",
        "dob": "1990-01-01",
        "weight": 70.5,
        "height": 175.0,
        "sex": "MALE",
        "deceasedAt": None,
        "version": 1,
        "createdAt": "2026-03-02T06:00:00Z",
        "updatedAt": "2026-03-02T06:00:00Z",
    }
    [event] = await announced()
    assert (event.type, event.actor.role, event.audit["patientid"]) == ("patient.registered", "RECEPTIONIST", event.key)
    assert (event.data["opens_login"], event.data["imported"]) == (False, False)
    assert logins.asked == 0


async def test_a_name_and_a_birth_are_enough_and_nulls_are_as_left_out(register):
    payload = await register(email=None, phone=None, weight=None, sex=None, password=None, idempotencyKey=None)
    assert payload["patient"]["email"] is None
    assert payload["errors"] == []


async def test_a_family_may_share_an_e_mail(register):
    for name in ("Mother", "Child"):
        assert (await register(name=name, email="family@example.com"))["errors"] == []


async def test_numbers_are_never_given_twice_also_when_many_register_at_once(register):
    payloads = await asyncio.gather(*(register(name=f"Patient {place}") for place in range(20)))
    numbers = sorted(payload["patient"]["mrn"] for payload in payloads)
    assert numbers == [f"MRN-{place:07d}" for place in range(1, 21)]


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR", "BILLING_CLERK", "AUDITOR"])
async def test_it_refuses_every_other_role_without_a_password(register, find, announced, signer, role):
    assert (await register(signer.bearer(role)))["error"] == "FORBIDDEN"
    assert await find() == []
    assert [event.type for event in await announced()] == ["access.denied"]


async def test_it_refuses_anybody_without_a_token_and_a_password_even_with_bad_input(register, find, announced):
    assert (await register(None, name=""))["error"] == "UNAUTHENTICATED"
    assert await find() == []
    assert await announced() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \t"),
        ("name", "\u200b"),
        ("name", "Two\nlines"),
        ("name", "Nul\x00"),
        ("name", "Half \ud800 a character"),
        ("name", "x" * 201),
        ("dob", "2026-03-03"),
        ("dob", "1849-12-31"),
        ("email", "nobody"),
        ("email", ""),
        ("email", "a b@example.com"),
        ("email", "a@b@example.com"),
        ("email", "x" * 250 + "@example.com"),
        ("phone", ""),
        ("phone", "call me"),
        ("phone", "12345"),
        ("phone", "98765 43210 ext 5"),
        ("phone", "9" * 30),
        ("address", "  "),
        ("address", "Nul\x00"),
        ("address", "x" * 501),
        ("weight", 0),
        ("weight", -70.5),
        ("weight", 1000.1),
        ("height", 0.0),
        ("height", 301),
    ],
)
async def test_it_says_which_field_is_not_fit_and_writes_nothing(register, find, announced, field, value):
    payload = await register(**{field: value})
    assert payload["patient"] is None
    assert [(error["code"], error["field"]) for error in payload["errors"]] == [("INVALID_INPUT", [field])]
    assert await find() == []
    assert await announced() == []


@pytest.mark.parametrize("literal", ["1e999", "-1e999"])
async def test_it_takes_no_endless_weight(patients, ask, desk, find, literal):
    document = 'mutation { registerPatient(input: {name: "A", dob: "1990-01-01", weight: %s}) { errors { code } } }'
    answer = await ask(patients.subgraph, document % literal, desk)
    assert "errors" in answer or answer["data"]["registerPatient"]["errors"]
    assert "errorId" not in str(answer)
    assert await find() == []


async def test_it_names_several_problems_at_once(register):
    payload = await register(name="", dob="2027-01-01", email="x", weight=-1)
    assert [error["field"] for error in payload["errors"]] == [["name"], ["dob"], ["email"], ["weight"]]


@pytest.mark.parametrize(("zone", "problems"), [("Pacific/Auckland", 0), ("America/New_York", 1)])
async def test_today_is_the_hospitals_day(make_base, logins, ask, desk, clock, zone, problems):
    clock.at = datetime(2026, 3, 2, 12, tzinfo=UTC)  # the third in Auckland already
    domain = build(await make_base("patients", time_zone=zone), logins)
    document = 'mutation { registerPatient(input: {name: "Newborn", dob: "2026-03-03"}) { errors { code } } }'
    answer = await ask(domain.subgraph, document, desk)
    assert len(answer["data"]["registerPatient"]["errors"]) == problems


async def test_the_same_key_and_input_give_the_same_patient_as_it_now_is(register, change, find, announced):
    first = (await register(idempotencyKey="once"))["patient"]
    await change(first["id"], weight=80)
    again = (await register(idempotencyKey="once"))["patient"]
    assert (again["id"], again["weight"], again["version"]) == (first["id"], 80.0, 2)
    assert len(await find()) == 1
    assert [event.type for event in await announced()] == ["patient.registered", "patient.updated"]


async def test_twenty_equal_requests_at_once_make_one_patient(register, find, announced):
    payloads = await asyncio.gather(*(register(idempotencyKey="once") for _ in range(20)))
    assert len({payload["patient"]["id"] for payload in payloads}) == 1
    assert len(await find()) == 1
    assert len(await announced()) == 1


async def test_the_same_key_with_another_input_is_refused(register, find):
    await register(idempotencyKey="once")
    payload = await register(idempotencyKey="once", name="Another")
    assert [error["code"] for error in payload["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert await find() == ["Huzaifa"]


async def test_a_key_is_ones_own(register, find, signer):
    await register(idempotencyKey="once")
    await register(signer.bearer("ADMIN"), idempotencyKey="once")
    assert len(await find()) == 2


async def test_a_refusal_is_not_kept(register):
    assert (await register(idempotencyKey="once", name=""))["errors"][0]["code"] == "INVALID_INPUT"
    assert (await register(idempotencyKey="once"))["errors"] == []


@pytest.mark.parametrize("key", ["", "x" * 201, "line\nbreak", "half \ud800"])
async def test_a_key_of_the_wrong_form_is_refused(register, find, key):
    payload = await register(idempotencyKey=key)
    assert [error["field"] for error in payload["errors"]] == [["idempotencyKey"]]
    assert await find() == []
