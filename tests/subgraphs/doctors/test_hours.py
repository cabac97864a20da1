from datetime import timedelta

UNKNOWN = ["nobody", "", "0197b1f0-0000-7000-8000-000000000000", "\ud800"]


def window(day: str, start: str, end: str) -> dict[str, str]:
    return {"day": day, "startTime": start, "endTime": end}


async def test_hours_are_read_by_day_and_time(new_doctor, change, look, clock, announced):
    doctor = await new_doctor()
    clock.move(timedelta(minutes=1))
    hours = [window("SUNDAY", "18:00", "00:00"), window("MONDAY", "13:00", "17:00"), window("MONDAY", "09:00", "13:00")]
    now = (await change("setAvailability", doctorId=doctor["id"], availability=hours, expectedVersion=1))["doctor"]
    assert now["availability"] == [
        window("MONDAY", "09:00:00", "13:00:00"),
        window("MONDAY", "13:00:00", "17:00:00"),
        window("SUNDAY", "18:00:00", "00:00:00"),
    ]
    assert (now["version"], now["updatedAt"]) == (2, "2026-03-02T06:01:00Z")
    assert await look(doctor["id"]) == now
    event = (await announced())[-1]
    assert (event.type, event.data["version"]) == ("doctor.updated", 2)
    assert event.data["hours"][-1] == {"weekday": 6, "start_minute": 1080, "end_minute": 1440}


async def test_a_whole_day_is_from_midnight_to_midnight(new_doctor, change):
    doctor = await new_doctor()
    hours = [window("TUESDAY", "00:00", "00:00")]
    now = (await change("setAvailability", doctorId=doctor["id"], availability=hours))["doctor"]
    assert now["availability"] == [window("TUESDAY", "00:00:00", "00:00:00")]


async def test_it_refuses_hours_that_cannot_be_and_names_each(new_doctor, change, codes, look):
    doctor = await new_doctor()
    refused = {
        ("0",): [window("MONDAY", "10:00", "10:00")],
        ("1",): [window("MONDAY", "09:00", "10:00"), window("MONDAY", "09:55", "11:00")],
        ("2",): [
            window("MONDAY", "09:00", "00:00"),
            window("TUESDAY", "09:00", "10:00"),
            window("MONDAY", "12:00", "13:00"),
        ],
        ("0", "startTime"): [window("MONDAY", "09:01", "10:00")],
        ("0", "endTime"): [window("MONDAY", "09:00", "10:00:30")],
        (): [window("MONDAY", "09:00", "10:00")] * 101,
    }
    for place, hours in refused.items():
        payload = await change("setAvailability", doctorId=doctor["id"], availability=hours)
        assert codes(payload) == [("INVALID_INPUT", ["availability", *place])]
    assert await look(doctor["id"]) == doctor


async def test_each_that_overlaps_is_named(new_doctor, change, codes):
    doctor = await new_doctor()
    hours = [window("MONDAY", *span) for span in [("12:00", "13:00"), ("09:00", "17:00"), ("10:00", "11:00")]]
    payload = await change("setAvailability", doctorId=doctor["id"], availability=hours)
    assert codes(payload) == [("INVALID_INPUT", ["availability", "2"]), ("INVALID_INPUT", ["availability", "0"])]


async def test_the_doctor_sets_their_own_hours(new_doctor, change, signer):
    doctor = await new_doctor()
    own = signer.bearer("DOCTOR", doctor_id=doctor["id"])
    payload = await change("setAvailability", own, doctorId=doctor["id"], availability=[])
    assert (payload["doctor"]["availability"], payload["errors"]) == ([], [])


async def test_another_doctors_hours_are_forbidden_and_that_is_announced(new_doctor, change, look, signer, announced):
    doctor, other = await new_doctor(), await new_doctor("Dr. Other")
    for bearer in (signer.bearer("DOCTOR", doctor_id=other["id"]), signer.bearer("DOCTOR", "unbound")):
        payload = await change("setAvailability", bearer, doctorId=doctor["id"], availability=[])
        assert payload == {"error": "FORBIDDEN"}
        denied = (await announced())[-1]
        assert (denied.type, denied.data["deed"]) == ("access.denied", "setAvailability")
        assert (denied.data["denied_type"], denied.data["denied_id"]) == ("Doctor", doctor["id"])
    assert await look(doctor["id"]) == doctor


async def test_a_patient_who_is_given_a_doctors_id_sets_no_hours(new_doctor, change, look, signer):
    doctor = await new_doctor()
    for role in ("PATIENT", "RECEPTIONIST", "BILLING_CLERK", "AUDITOR"):
        bearer = signer.bearer(role, doctor_id=doctor["id"])
        assert await change("setAvailability", bearer, doctorId=doctor["id"], availability=[]) == {"error": "FORBIDDEN"}
        assert await change("setAvailability", bearer, doctorId="nobody", availability=[]) == {"error": "FORBIDDEN"}
    assert await change("setAvailability", None, doctorId=doctor["id"], availability=[]) == {"error": "UNAUTHENTICATED"}
    assert await look(doctor["id"]) == doctor


async def test_the_hours_of_an_unknown_doctor_are_not_found(new_doctor, change, codes, signer, admin):
    doctor = await new_doctor()
    for bearer in (admin, signer.bearer("DOCTOR", doctor_id=doctor["id"])):
        for id in UNKNOWN:
            payload = await change("setAvailability", bearer, doctorId=id, availability=[])
            assert codes(payload) == [("NOT_FOUND", ["doctorId"])]


async def test_hours_that_somebody_else_set_meanwhile_are_not_written_over(new_doctor, change, codes, look):
    doctor = await new_doctor()
    hours = [window("TUESDAY", "09:00", "17:00")]
    now = (await change("setAvailability", doctorId=doctor["id"], availability=hours, expectedVersion=1))["doctor"]
    for stale in (1, 3):
        payload = await change("setAvailability", doctorId=doctor["id"], availability=[], expectedVersion=stale)
        assert codes(payload) == [("VERSION_CONFLICT", ["expectedVersion"])]
    assert await look(doctor["id"]) == now


async def test_who_is_not_active_any_more_has_no_new_hours(new_doctor, change, codes, look):
    doctor = await new_doctor()
    await change("deactivateDoctor", id=doctor["id"])
    payload = await change("setAvailability", doctorId=doctor["id"], availability=[window("TUESDAY", "09:00", "17:00")])
    assert codes(payload) == [("INVALID_INPUT", ["doctorId"])]
    assert (await look(doctor["id"]))["availability"] == doctor["availability"]
