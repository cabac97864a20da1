import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from subgraphs.doctors import rules

UNKNOWN = ["nobody", "", "0197b1f0-0000-7000-8000-000000000000", "\ud800"]
APRIL = {"from_": "2026-04-01T00:00:00+05:30", "to": "2026-05-01T00:00:00+05:30"}


@pytest.fixture
def add(change):
    async def send(doctor, *bearer, **given):
        return await change("addLeave", *bearer, doctorId=doctor["id"], **APRIL | given)

    return send


async def test_leave_is_added_and_announced_with_its_times_alone(new_doctor, add, look, announced):
    doctor = await new_doctor()
    now = (await add(doctor, reason=" Family\nmatters "))["doctor"]
    [leave] = now["leave"]
    assert leave == {
        "id": leave["id"],
        "from": "2026-03-31T18:30:00Z",
        "to": "2026-04-30T18:30:00Z",
        "reason": "Family\nmatters",
    }
    assert now["version"] == 2
    assert await look(doctor["id"]) == now
    event = (await announced())[-1]
    assert event.type == "doctor.updated"
    assert event.data["leave"] == [
        {"leave_id": leave["id"], "starts_at": "2026-03-31T18:30:00Z", "ends_at": "2026-04-30T18:30:00Z"}
    ]
    assert "Family" not in event.to_json().decode()


async def test_an_event_carries_all_leave_that_has_not_ended_and_no_other(new_doctor, add, clock, announced):
    doctor = await new_doctor()
    for start, end in [("01", "02"), ("02", "03"), ("03", "04")]:
        await add(doctor, from_=f"2026-03-{start}T00:00:00Z", to=f"2026-03-{end}T06:00:00Z")
    starts = [span["starts_at"][:10] for span in (await announced())[-1].data["leave"]]
    assert sorted(starts) == ["2026-03-02", "2026-03-03"]
    clock.at = datetime(2026, 3, 4, 5, 59, tzinfo=UTC)
    await add(doctor)
    starts = [span["starts_at"][:10] for span in (await announced())[-1].data["leave"]]
    assert sorted(starts) == ["2026-03-03", "2026-03-31"]


async def test_leave_may_touch_and_overlap_other_leave_and_stands_latest_first(new_doctor, add):
    doctor = await new_doctor()
    await add(doctor)
    await add(doctor, from_=APRIL["to"], to="2026-06-01T00:00:00Z")
    now = (await add(doctor, from_="2026-04-10T00:00:00Z", to="2026-04-11T00:00:00Z"))["doctor"]
    assert [leave["from"][:10] for leave in now["leave"]] == ["2026-04-30", "2026-04-10", "2026-03-31"]


async def test_leave_is_narrowed_to_what_overlaps_a_range(new_doctor, add, query):
    doctor = await new_doctor()
    for day in range(1, 6):
        await add(doctor, from_=f"2026-04-0{day}T00:00:00Z", to=f"2026-04-0{day + 1}T00:00:00Z")

    async def days(**range):
        document = """
        query ($id: ID!, $from: DateTime, $to: DateTime) { doctor(id: $id) { leave(from: $from, to: $to) { from } } }
        """
        variables = {name: f"2026-04-0{day}T00:00:00Z" for name, day in range.items()}
        found = (await query(document, id=doctor["id"], **variables))["doctor"]["leave"]
        return [int(leave["from"][8:10]) for leave in found]

    assert await days() == [5, 4, 3, 2, 1]
    assert await days(**{"from": 2, "to": 4}) == [3, 2]
    assert await days(**{"from": 4}) == [5, 4]
    assert await days(to=3) == [2, 1]


async def test_a_range_that_ends_before_it_begins_is_refused(new_doctor, doctors, ask):
    doctor = await new_doctor()
    document = """
    query ($id: ID!) { doctor(id: $id) { leave(from: "2026-04-02T00:00:00Z", to: "2026-04-01T00:00:00Z") { id } } }
    """
    answer = await ask(doctors.subgraph, document, id=doctor["id"])
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_it_refuses_leave_that_cannot_be(new_doctor, add, codes, look):
    doctor = await new_doctor()
    for given, field in [
        ({"to": APRIL["from_"]}, "to"),
        ({"to": "2026-03-01T00:00:00Z"}, "to"),
        ({"from_": "0001-01-01T00:00:00Z"}, "from"),
        ({"to": "9999-12-31T23:59:59Z"}, "to"),
        ({"reason": "a" * 501}, "reason"),
        ({"reason": "a\0"}, "reason"),
        ({"reason": "\ud800"}, "reason"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
    ]:
        assert codes(await add(doctor, **given)) == [("INVALID_INPUT", [field])]
    assert await look(doctor["id"]) == doctor


async def test_a_blank_reason_is_none(new_doctor, add):
    assert (await add(await new_doctor(), reason=" "))["doctor"]["leave"][0]["reason"] is None


async def test_an_instant_without_an_offset_is_refused(new_doctor, add, look):
    doctor = await new_doctor()
    assert await add(doctor, to="2026-05-01T00:00:00") == {"error": "BAD_USER_INPUT"}
    assert await look(doctor["id"]) == doctor


async def test_there_is_an_end_to_leave_ahead(new_doctor, add, codes, monkeypatch):
    monkeypatch.setattr(rules, "MAXIMUM_LEAVE", 2)
    doctor = await new_doctor()
    await add(doctor, from_="2026-02-01T00:00:00Z", to="2026-02-02T00:00:00Z")
    await add(doctor)
    await add(doctor)
    assert codes(await add(doctor)) == [("INVALID_INPUT", None)]


async def test_the_reason_is_for_the_doctor_the_desk_and_admins(new_doctor, add, look, signer, admin):
    doctor, other = await new_doctor(), await new_doctor("Dr. Other")
    await add(doctor, reason="An operation")
    told = {
        admin: "An operation",
        signer.bearer("RECEPTIONIST"): "An operation",
        signer.bearer("DOCTOR", doctor_id=doctor["id"]): "An operation",
        signer.bearer("DOCTOR", doctor_id=other["id"]): None,
        signer.bearer("PATIENT", doctor_id=doctor["id"]): None,
        signer.bearer("BILLING_CLERK"): None,
        signer.bearer("AUDITOR"): None,
        None: None,
    }
    for bearer, reason in told.items():
        [leave] = (await look(doctor["id"], bearer))["leave"]
        assert (leave["reason"], leave["from"]) == (reason, "2026-03-31T18:30:00Z")


async def test_the_same_key_adds_leave_once(new_doctor, add, codes, announced, admin):
    doctor = await new_doctor()
    first = (await add(doctor, admin, idempotencyKey="once"))["doctor"]
    again = (await add(doctor, admin, idempotencyKey="once"))["doctor"]
    assert again == first
    assert len(await announced()) == 3
    other = await add(doctor, admin, idempotencyKey="once", reason="Another")
    assert codes(other) == [("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]


async def test_twenty_equal_requests_at_once_add_one_leave(new_doctor, add, look):
    doctor = await new_doctor()
    payloads = await asyncio.gather(*(add(doctor, idempotencyKey="once") for _ in range(20)))
    assert [payload["errors"] for payload in payloads] == [[]] * 20
    now = await look(doctor["id"])
    assert (len(now["leave"]), now["version"]) == (1, 2)


async def test_removed_leave_is_gone_and_announced(new_doctor, add, change, codes, announced, clock):
    doctor = await new_doctor()
    [leave] = (await add(doctor, idempotencyKey="once"))["doctor"]["leave"]
    clock.move(timedelta(minutes=1))
    now = (await change("removeLeave", id=leave["id"]))["doctor"]
    assert (now["leave"], now["version"], now["updatedAt"]) == ([], 3, "2026-03-02T06:01:00Z")
    event = (await announced())[-1]
    assert (event.type, event.data["leave"], event.data["version"]) == ("doctor.updated", [], 3)
    assert codes(await change("removeLeave", id=leave["id"])) == [("NOT_FOUND", ["id"])]
    assert (await add(doctor, idempotencyKey="once"))["doctor"] == now


async def test_of_five_at_once_that_remove_one_leave_one_succeeds(new_doctor, add, change, look):
    doctor = await new_doctor()
    [leave] = (await add(doctor))["doctor"]["leave"]
    payloads = await asyncio.gather(*(change("removeLeave", id=leave["id"]) for _ in range(5)))
    assert sorted(len(payload["errors"]) for payload in payloads) == [0, 1, 1, 1, 1]
    assert (await look(doctor["id"]))["version"] == 3


async def test_the_leave_of_who_is_not_active_any_more_stays_as_it_is(new_doctor, add, change, codes, look, announced):
    doctor = await new_doctor()
    [away] = (await add(doctor))["doctor"]["leave"]
    await change("deactivateDoctor", id=doctor["id"])
    known = await announced()
    assert codes(await change("removeLeave", id=away["id"])) == [("INVALID_INPUT", ["id"])]
    assert codes(await add(doctor)) == [("INVALID_INPUT", ["doctorId"])]
    assert (await look(doctor["id"]))["leave"] == [away]
    assert await announced() == known


async def test_unknown_leave_is_not_found(new_doctor, change, codes):
    doctor = await new_doctor()
    for id in (*UNKNOWN, doctor["id"]):
        assert codes(await change("removeLeave", id=id)) == [("NOT_FOUND", ["id"])]


async def test_leave_of_an_unknown_doctor_is_not_found(medicine, add, codes, signer, admin):
    for bearer in (admin, signer.bearer("DOCTOR", doctor_id=medicine)):
        for id in (*UNKNOWN, medicine):
            assert codes(await add({"id": id}, bearer, idempotencyKey="once")) == [("NOT_FOUND", ["doctorId"])]


async def test_the_doctor_takes_and_gives_back_their_own_leave(new_doctor, add, change, signer):
    doctor = await new_doctor()
    own = signer.bearer("DOCTOR", doctor_id=doctor["id"])
    [leave] = (await add(doctor, own))["doctor"]["leave"]
    assert (await change("removeLeave", own, id=leave["id"]))["doctor"]["leave"] == []


async def test_another_doctors_leave_is_forbidden_and_that_is_announced(
    new_doctor, add, change, look, signer, announced
):
    doctor, other = await new_doctor(), await new_doctor("Dr. Other")
    now = (await add(doctor))["doctor"]
    stranger = signer.bearer("DOCTOR", doctor_id=other["id"])
    assert await add(doctor, stranger) == {"error": "FORBIDDEN"}
    assert await change("removeLeave", stranger, id=now["leave"][0]["id"]) == {"error": "FORBIDDEN"}
    assert [event.data.get("denied_id") for event in (await announced())[-2:]] == [doctor["id"]] * 2
    assert await look(doctor["id"]) == now


async def test_no_other_role_touches_leave(new_doctor, add, change, look, signer):
    doctor = await new_doctor()
    now = (await add(doctor))["doctor"]
    for role in ("PATIENT", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR"):
        bearer = signer.bearer(role, doctor_id=doctor["id"])
        assert await add(doctor, bearer) == {"error": "FORBIDDEN"}
        assert await change("removeLeave", bearer, id="nobody") == {"error": "FORBIDDEN"}
    assert await add(doctor, None) == {"error": "UNAUTHENTICATED"}
    assert await change("removeLeave", None, id=now["leave"][0]["id"]) == {"error": "UNAUTHENTICATED"}
    assert await look(doctor["id"]) == now
