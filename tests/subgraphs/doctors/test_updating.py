import asyncio
from datetime import timedelta

import pytest

ROLES = ["PATIENT", "DOCTOR", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR"]
UNKNOWN = ["nobody", "", "0197b1f0-0000-7000-8000-000000000000", "\ud800"]


async def test_the_name_becomes_another_and_is_announced_whole(new_doctor, change, clock, announced):
    doctor = await new_doctor()
    clock.move(timedelta(hours=1))
    payload = await change("updateDoctor", id=doctor["id"], name="Dr. Huzaifa Khan")
    assert payload == {
        "doctor": doctor | {"name": "Dr. Huzaifa Khan", "version": 2, "updatedAt": "2026-03-02T07:00:00Z"},
        "errors": [],
    }
    event = (await announced())[-1]
    assert (event.type, event.key, event.audit["action"]) == ("doctor.updated", doctor["id"], "UPDATE")
    assert (event.data["name"], event.data["version"]) == ("Dr. Huzaifa Khan", 2)
    assert event.data["hours"] == [{"weekday": 0, "start_minute": 540, "end_minute": 1020}]


async def test_the_new_name_is_found_and_the_old_one_is_not(new_doctor, change, find):
    doctor = await new_doctor("Dr. Huzaifa")
    await change("updateDoctor", id=doctor["id"], name="Dr. Ansari")
    assert await find(search="ansa") == ["Dr. Ansari"]
    assert await find(search="huzaifa") == []


async def test_everything_that_may_change_changes(new_doctor, change, look, make_department):
    doctor, surgery = await new_doctor(), await make_department("Surgery")
    given = {"specialty": "Heart Surgery", "departmentId": surgery, "consultationFee": "99.995", "slotMinutes": 45}
    await change("updateDoctor", id=doctor["id"], **given)
    changed = {"department": {"id": surgery, "name": "Surgery"}, "consultationFee": "100.00", "version": 2}
    kept = {"specialty": "Heart Surgery", "slotMinutes": 45}
    assert await look(doctor["id"]) == doctor | kept | changed


async def test_what_is_left_out_stays(new_doctor, change, look):
    doctor = await new_doctor(consultationFee="12.50")
    await change("updateDoctor", id=doctor["id"], slotMinutes=15)
    assert await look(doctor["id"]) == doctor | {"slotMinutes": 15, "version": 2}


async def test_null_is_refused_for_what_may_not_be_empty(new_doctor, change, codes, look):
    doctor = await new_doctor()
    for field in ("name", "specialty", "departmentId", "consultationFee", "slotMinutes"):
        payload = await change("updateDoctor", id=doctor["id"], **{field: None})
        assert codes(payload) == [("INVALID_INPUT", [field])]
    assert await look(doctor["id"]) == doctor


async def test_several_problems_are_told_together(new_doctor, change, codes, look):
    doctor = await new_doctor()
    payload = await change("updateDoctor", id=doctor["id"], name=None, specialty="", consultationFee="-1")
    assert [field for _, field in codes(payload)] == [["name"], ["specialty"], ["consultationFee"]]
    assert await look(doctor["id"]) == doctor


async def test_an_unknown_department_is_not_found(new_doctor, change, codes, look):
    doctor = await new_doctor()
    for department in UNKNOWN:
        payload = await change("updateDoctor", id=doctor["id"], name="Dr. Other", departmentId=department)
        assert codes(payload) == [("NOT_FOUND", ["departmentId"])]
    assert await look(doctor["id"]) == doctor


async def test_an_unknown_doctor_is_not_found(change, codes, medicine):
    for id in (*UNKNOWN, medicine):
        assert codes(await change("updateDoctor", id=id, name="Dr. Other")) == [("NOT_FOUND", ["id"])]
        assert codes(await change("deactivateDoctor", id=id)) == [("NOT_FOUND", ["id"])]


@pytest.mark.parametrize("mutation", ["updateDoctor", "deactivateDoctor"])
async def test_it_refuses_every_other_role_the_doctor_included(new_doctor, change, look, signer, announced, mutation):
    doctor = await new_doctor()
    for role in ROLES:
        bearer = signer.bearer(role, doctor_id=doctor["id"])
        assert await change(mutation, bearer, id=doctor["id"]) == {"error": "FORBIDDEN"}
        assert await change(mutation, bearer, id="nobody") == {"error": "FORBIDDEN"}
    assert await change(mutation, None, id=doctor["id"]) == {"error": "UNAUTHENTICATED"}
    assert await look(doctor["id"]) == doctor
    assert [event.type for event in await announced()][2:] == ["access.denied"] * 5


@pytest.mark.parametrize(
    ("mutation", "given"),
    [("updateDoctor", {"name": "Dr. Other"}), ("setAvailability", {"availability": []}), ("deactivateDoctor", {})],
)
async def test_a_stale_version_is_a_conflict_and_writes_nothing(
    new_doctor, change, codes, look, announced, mutation, given
):
    doctor = await new_doctor()
    key = "doctorId" if mutation == "setAvailability" else "id"
    for stale in (0, 2, -1):
        payload = await change(mutation, **{key: doctor["id"]}, expectedVersion=stale, **given)
        assert codes(payload) == [("VERSION_CONFLICT", ["expectedVersion"])]
    assert await look(doctor["id"]) == doctor
    assert len(await announced()) == 2
    assert (await change(mutation, **{key: doctor["id"]}, expectedVersion=1, **given))["doctor"]["version"] == 2


async def test_of_twenty_at_once_that_expect_one_version_one_succeeds(new_doctor, change, look, announced):
    doctor = await new_doctor()
    changes = (change("updateDoctor", id=doctor["id"], name=f"Dr. {n}", expectedVersion=1) for n in range(20))
    payloads = await asyncio.gather(*changes)
    [done] = [payload["doctor"] for payload in payloads if not payload["errors"]]
    assert await look(doctor["id"]) == done
    assert (done["version"], len(await announced())) == (2, 3)


async def test_changes_at_once_lose_none_of_each_other(new_doctor, change, look, announced):
    doctor = await new_doctor()
    leave = {"from_": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
    await asyncio.gather(
        change("updateDoctor", id=doctor["id"], slotMinutes=15),
        change("updateDoctor", id=doctor["id"], name="Dr. Huzaifa Khan"),
        change("setAvailability", doctorId=doctor["id"], availability=[]),
        *(change("addLeave", doctorId=doctor["id"], **leave) for _ in range(5)),
    )
    now = await look(doctor["id"])
    assert (now["slotMinutes"], now["name"], now["availability"]) == (15, "Dr. Huzaifa Khan", [])
    assert (now["version"], len(now["leave"])) == (9, 5)
    last = max((event.data for event in (await announced())[1:]), key=lambda data: data["version"])
    assert (last["slot_minutes"], last["name"], last["hours"], len(last["leave"])) == (15, "Dr. Huzaifa Khan", [], 5)


async def test_a_deactivated_doctor_stays_visible_and_is_announced_with_the_reason(
    new_doctor, change, look, find, announced
):
    doctor = await new_doctor()
    payload = await change("deactivateDoctor", id=doctor["id"], reason=" Retired ")
    assert payload == {"doctor": doctor | {"active": False, "version": 2}, "errors": []}
    assert (await look(doctor["id"]))["active"] is False
    assert await find() == ["Dr. Huzaifa"]
    event = (await announced())[-1]
    assert (event.type, event.data["active"], event.audit["reason"]) == ("doctor.deactivated", False, "Retired")


async def test_an_inactive_doctor_has_no_hours_or_leave_to_change(new_doctor, change, codes, look):
    doctor = await new_doctor()
    leave = {"from_": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"}
    [kept] = (await change("addLeave", doctorId=doctor["id"], **leave))["doctor"]["leave"]
    left = (await change("deactivateDoctor", id=doctor["id"]))["doctor"]
    for mutation, given, field in [
        ("deactivateDoctor", {"id": doctor["id"]}, "id"),
        ("setAvailability", {"doctorId": doctor["id"], "availability": []}, "doctorId"),
        ("addLeave", {"doctorId": doctor["id"], **leave}, "doctorId"),
        ("removeLeave", {"id": kept["id"]}, "id"),
    ]:
        assert codes(await change(mutation, **given)) == [("INVALID_INPUT", [field])]
    assert await look(doctor["id"]) == left


async def test_an_inactive_doctors_name_can_still_be_put_right(new_doctor, change):
    doctor = await new_doctor()
    await change("deactivateDoctor", id=doctor["id"])
    assert (await change("updateDoctor", id=doctor["id"], name="Dr. Huzaifah"))["doctor"]["name"] == "Dr. Huzaifah"


async def test_a_reason_that_is_none_is_refused(new_doctor, change, codes, look):
    doctor = await new_doctor()
    for reason in ("a" * 501, "a\0b", "\ud800"):
        payload = await change("deactivateDoctor", id=doctor["id"], reason=reason)
        assert codes(payload) == [("INVALID_INPUT", ["reason"])]
    assert await look(doctor["id"]) == doctor


async def test_one_request_with_several_changes_gives_each_as_it_left_the_doctor(new_doctor, doctors, ask, admin):
    doctor = await new_doctor()
    document = """
    mutation ($id: ID!) {
      first: setAvailability(input: {doctorId: $id, availability: []}) { doctor { availability { day } version } }
      second: setAvailability(input: {doctorId: $id, availability: [
        {day: SUNDAY, startTime: "08:00", endTime: "00:00"}
      ]}) { doctor { availability { day endTime } version } }
    }
    """
    answer = await ask(doctors.subgraph, document, admin, id=doctor["id"])
    assert answer["data"] == {
        "first": {"doctor": {"availability": [], "version": 2}},
        "second": {"doctor": {"availability": [{"day": "SUNDAY", "endTime": "00:00:00"}], "version": 3}},
    }
