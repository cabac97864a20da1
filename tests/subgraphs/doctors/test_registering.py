import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from subgraphs.kernel.errors import Problem, Refused

ROLES = ["PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR"]


async def test_an_admin_registers_a_doctor_whose_event_opens_the_login(register, logins, announced, medicine):
    payload = await register()
    doctor = payload["doctor"]
    assert payload["errors"] == []
    assert doctor == doctor | {
        "name": "Dr. Huzaifa",
        "email": "doctor@example.com",
        "specialty": "Cardiology",
        "department": {"id": medicine, "name": "Medicine"},
        "consultationFee": "0.00",
        "timeZone": "Asia/Kolkata",
        "slotMinutes": 30,
        "active": True,
        "availability": [{"day": "MONDAY", "startTime": "09:00:00", "endTime": "17:00:00"}],
        "leave": [],
        "version": 1,
    }
    assert doctor["createdAt"] == doctor["updatedAt"] == "2026-03-02T06:00:00Z"
    assert logins.held == {"doctor@example.com": doctor["id"]}


async def test_the_event_carries_the_doctor_whole_and_no_password(register, announced, medicine):
    doctor = (await register(consultationFee="100", timeZone="Europe/Paris"))["doctor"]
    event = (await announced())[-1]
    assert (event.type, event.key, event.audit["action"]) == ("doctor.registered", doctor["id"], "CREATE")
    assert event.data == {
        "doctor_id": doctor["id"],
        "version": 1,
        "name": "Dr. Huzaifa",
        "email": "doctor@example.com",
        "specialty": "Cardiology",
        "department_id": medicine,
        "consultation_fee": "100.00",
        "time_zone": "Europe/Paris",
        "slot_minutes": 30,
        "active": True,
        "hours": [{"weekday": 0, "start_minute": 540, "end_minute": 1020}],
        "leave": [],
        "reason": None,
        "opens_login": True,
        "imported": False,
    }
    assert "horse" not in event.to_json().decode()


async def test_it_refuses_every_other_role_before_it_looks_at_anything(register, signer, logins, find, announced):
    for role in ROLES:
        assert await register(bearer=signer.bearer(role), departmentId="nowhere") == {"error": "FORBIDDEN"}
    assert (await find(), logins.asked) == ([], 0)
    assert [event.type for event in (await announced())[1:]] == ["access.denied"] * 5


async def test_it_asks_for_a_token_first(register, logins, find):
    assert await register(bearer=None) == {"error": "UNAUTHENTICATED"}
    assert (await find(), logins.asked) == ([], 0)


async def test_an_unknown_department_is_not_found_and_no_login_held(register, codes, logins):
    for department in ("nowhere", "", "0197b1f0-0000-7000-8000-000000000000", "\ud800"):
        payload = await register(departmentId=department, idempotencyKey="once")
        assert codes(payload) == [("NOT_FOUND", ["departmentId"])]
    assert logins.asked == 0


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", ["", " ", "a" * 201, "Dr.\nHuzaifa", "Dr.\0", "\ud800", "--", "\u200b"]),
        ("email", ["", "doctor", "a@b@c", "a b@example.com", "a@example.com\0", "a@.com", "a" * 250 + "@b.com"]),
        ("email", ["\ud800@example.com", "a@example.com\nBcc: b@c.com", "@example.com", "a@", "a@b c"]),
        ("specialty", ["", "  ", "a" * 201, "Car\rdiology", "\ud800"]),
        ("consultationFee", ["-0.01", "-0.001", "1000000000.01", "1000000000.005001", "9" * 30]),
        ("timeZone", ["", "Nowhere/City", "UTC+5", "../etc/passwd", "localtime", "asia/kolkata", "\0"]),
        ("slotMinutes", [0, -5, 1, 7, 485, 2**31 - 1]),
        ("password", ["half a character \ud800"]),
    ],
)
async def test_it_refuses_what_cannot_be(register, codes, logins, find, field, values):
    for value in values:
        assert codes(await register(**{field: value}, idempotencyKey="once")) == [("INVALID_INPUT", [field])], value
    assert (await find(), logins.asked) == ([], 0)


async def test_several_problems_are_told_together(register, codes):
    hours = [{"day": "MONDAY", "startTime": "09:00", "endTime": "08:00"}]
    payload = await register(name="", email="x", slotMinutes=4, availability=hours)
    fields = [field for _, field in codes(payload)]
    assert fields == [["name"], ["email"], ["slotMinutes"], ["availability", "0"]]


async def test_fees_are_rounded_half_even(register, look):
    roundings = {"0.005": "0.00", "0.015": "0.02", "-0": "0.00", "999999999.994": "999999999.99", "500": "500.00"}
    for given, kept in roundings.items():
        doctor = (await register(consultationFee=given, email=f"{kept}{given}@example.com"))["doctor"]
        assert (await look(doctor["id"]))["consultationFee"] == doctor["consultationFee"] == kept


async def test_the_e_mail_is_kept_in_lower_case_and_names_in_any_script(register):
    doctor = (await register(name=" डॉ. क्\u200dष हुज़ैफ़ा ", email=" Doctor@Example.COM "))["doctor"]
    assert (doctor["name"], doctor["email"]) == ("डॉ. क्\u200dष हुज़ैफ़ा", "doctor@example.com")


async def test_what_accounts_refuses_is_refused_and_nothing_written(register, codes, find, announced):
    assert codes(await register(password="short", idempotencyKey="once")) == [("WEAK_PASSWORD", ["password"])]
    assert await find() == []
    assert [event.type for event in await announced()] == ["department.created"]
    assert (await register(idempotencyKey="once"))["errors"] == []


async def test_an_e_mail_that_is_taken_makes_no_second_doctor(register, codes, find):
    await register()
    assert codes(await register(name="Dr. Other", idempotencyKey="other")) == [("EMAIL_TAKEN", ["email"])]
    assert await find() == ["Dr. Huzaifa"]


async def test_what_was_held_too_long_ago_is_not_written(register, logins, clock, find, announced):
    async def dawdle() -> None:
        clock.move(timedelta(seconds=31))

    logins.on_hold = dawdle
    assert await register(idempotencyKey="once") == {"error": "INTERNAL_SERVER_ERROR"}
    assert await find() == []
    assert [event.type for event in await announced()] == ["department.created"]


async def test_a_try_that_was_cut_off_is_finished_by_the_next_with_its_key(register, logins, clock, find):
    async def dawdle() -> None:
        clock.move(timedelta(seconds=31))

    logins.on_hold = dawdle
    await register(idempotencyKey="once")
    logins.on_hold = None
    doctor = (await register(idempotencyKey="once"))["doctor"]
    assert logins.held == {"doctor@example.com": doctor["id"]}
    assert await find() == ["Dr. Huzaifa"]


async def test_accounts_learns_whether_a_doctor_was_written(register, doctors, medicine):
    doctor = (await register())["doctor"]
    assert await doctors.service.exists(doctor["id"])
    assert not await doctors.service.exists(medicine)


async def test_the_same_key_gives_the_doctor_as_it_now_is_and_holds_no_login_again(register, change, logins):
    doctor = (await register(idempotencyKey="once"))["doctor"]
    await change("updateDoctor", id=doctor["id"], name="Dr. Huzaifa Khan")
    again = await register(idempotencyKey="once")
    assert (again["doctor"]["id"], again["doctor"]["name"], again["errors"]) == (doctor["id"], "Dr. Huzaifa Khan", [])
    assert logins.asked == 1


async def test_the_same_key_with_another_input_is_refused(register, codes, find):
    await register(idempotencyKey="once")
    for other in ({"name": "Dr. Other"}, {"password": "another horse battery"}, {"email": "other@example.com"}):
        payload = await register(idempotencyKey="once", **other)
        assert codes(payload) == [("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]
    assert await find() == ["Dr. Huzaifa"]


async def test_a_key_is_the_accounts_own(register, signer, find):
    await register(idempotencyKey="once")
    other = signer.bearer("ADMIN", "another-account")
    payload = await register(bearer=other, idempotencyKey="once", name="Dr. Other", email="other@example.com")
    assert payload["errors"] == []
    assert await find() == ["Dr. Huzaifa", "Dr. Other"]


async def test_a_key_that_is_none_is_refused(register, codes, logins):
    for key in ("", "k" * 201, "a\nb", "\ud800"):
        assert codes(await register(idempotencyKey=key)) == [("INVALID_INPUT", ["idempotencyKey"])]
    assert logins.asked == 0


async def test_twenty_equal_requests_at_once_make_one_doctor_and_all_get_it(register, logins, announced):
    async def pause() -> None:
        await asyncio.sleep(0.01)

    logins.on_hold = pause
    payloads = await asyncio.gather(*(register(idempotencyKey="once") for _ in range(20)))
    assert [payload["errors"] for payload in payloads] == [[]] * 20
    assert {payload["doctor"]["id"] for payload in payloads} == set(logins.held.values())
    assert [event.type for event in await announced()] == ["department.created", "doctor.registered"]


async def test_an_equal_request_that_comes_when_the_login_is_open_gets_the_doctor_too(register, logins, codes):
    first_is_done, second_has_begun = asyncio.Event(), asyncio.Event()

    async def hold_or_refuse() -> None:
        if logins.asked == 1:
            await second_has_begun.wait()
            return
        second_has_begun.set()
        await first_is_done.wait()
        raise Refused(Problem("EMAIL_TAKEN", "There is a login of that e-mail.", ("email",)))

    logins.on_hold = hold_or_refuse
    attempts = [asyncio.create_task(register(idempotencyKey="once")) for _ in range(2)]
    await asyncio.wait(attempts, return_when=asyncio.FIRST_COMPLETED)
    first_is_done.set()
    first, second = await asyncio.gather(*attempts)
    assert first == second
    assert codes(await register(idempotencyKey="other")) == [("EMAIL_TAKEN", ["email"])]


async def test_of_two_at_once_for_one_e_mail_one_succeeds(register, find):
    payloads = await asyncio.gather(register(), register(name="Dr. Other"))
    assert sorted(len(payload["errors"]) for payload in payloads) == [0, 1]
    assert len(await find()) == 1


async def test_the_fee_of_the_event_is_exact(register, announced):
    await register(consultationFee="0.1")
    assert Decimal((await announced())[-1].data["consultation_fee"]) == Decimal("0.10")
