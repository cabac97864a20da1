"""Writing a record: who may, from when on, and what it says."""

import asyncio
from datetime import timedelta

import pytest

from subgraphs.kernel.ids import new_id
from tests.subgraphs.records.conftest import CREATE, PARACETAMOL, problems

NOW = "2026-03-02T06:00:00Z"


async def nothing_was_written(house) -> bool:
    return not [message for message in await house.announced() if message.type.startswith("medical_record.")]


async def test_it_says_what_was_given_and_is_revisited_in_seven_days(house):
    doctor, patient = new_id(), await house.patient()
    visit = await house.visit(doctor, patient)
    given = {
        "appointmentId": visit,
        "description": "  Routine checkup for Huzaifa in Saket, Delhi ",
        "treatedAt": "2025-09-06T10:00:00+05:30",
        "diagnoses": [{"code": " j069", "display": "My own words", "note": "Mild"}],
        "medicines": [PARACETAMOL],
    }
    made = await house.created(doctor, patient, **given)
    diagnosis = {"system": "ICD10CM", "code": "J06.9", "note": "Mild"}
    said = {
        "description": "Routine checkup for Huzaifa in Saket, Delhi",
        "diagnoses": [diagnosis | {"display": "Acute upper respiratory infection, unspecified"}],
        "medicines": [PARACETAMOL],
    }
    first = said | {"version": 1, "recordedAt": NOW, "byAccountId": f"account-{doctor[-12:]}", "reason": None}
    assert made == said | {
        "id": made["id"],
        "patient": {"id": patient},
        "doctor": {"id": doctor},
        "appointment": {"id": visit},
        "treatedAt": "2025-09-06T04:30:00Z",
        "revisitingDate": "2025-09-13",
        "version": 1,
        "createdAt": NOW,
        "updatedAt": NOW,
        "versions": [first],
    }
    assert await house.look(made["id"], house.as_patient(patient)) == made
    created = [message for message in await house.announced() if message.type == "medical_record.created"]
    assert [(m.key, m.audit["patientid"], m.audit["action"]) for m in created] == [(made["id"], patient, "CREATE")]
    assert "Saket" not in str(created[0].to_json())


async def test_seven_days_count_from_the_day_of_the_treatment_which_is_now_unless_given(house, treated):
    made = await house.created(*treated)
    assert (made["treatedAt"], made["revisitingDate"]) == (NOW, "2026-03-09")
    made = await house.created(*treated, treatedAt="2025-09-06T23:00:00Z", revisitingDate="2025-12-24")
    assert made["revisitingDate"] == "2025-12-24"


async def test_the_words_of_a_snomed_code_come_with_it(house, treated):
    given = {"system": "SNOMED", "code": "44054006", "display": "Type 2 diabetes mellitus (disorder)"}
    assert (await house.created(*treated, diagnoses=[given]))["diagnoses"] == [given | {"note": None}]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"description": " \n "}, ["description"]),
        ({"description": "x" * 10_001}, ["description"]),
        ({"description": "Nul \0"}, ["description"]),
        ({"diagnoses": [{"code": "J06.9"}, {"code": "Z99.999"}]}, ["diagnoses", "1", "code"]),
        ({"diagnoses": [{"code": "E11"}]}, ["diagnoses", "0", "code"]),
        ({"diagnoses": [{"code": ""}]}, ["diagnoses", "0", "code"]),
        ({"diagnoses": [{"code": "J06.9\n\0" + "x" * 10_000}]}, ["diagnoses", "0", "code"]),
        ({"diagnoses": [{"code": "J06.9", "note": "x" * 1001}]}, ["diagnoses", "0", "note"]),
        ({"diagnoses": [{"code": "J06.9"}] * 101}, ["diagnoses"]),
        ({"diagnoses": [{"system": "SNOMED", "code": "44054006"}]}, ["diagnoses", "0", "display"]),
        ({"diagnoses": [{"system": "SNOMED", "code": "J06.9", "display": "Cold"}]}, ["diagnoses", "0", "code"]),
        ({"medicines": [PARACETAMOL | {"dosage": " "}]}, ["medicines", "0", "dosage"]),
        ({"medicines": [PARACETAMOL, PARACETAMOL | {"name": "x" * 501}]}, ["medicines", "1", "name"]),
        ({"medicines": [PARACETAMOL | {"duration": "5\u2028days"}]}, ["medicines", "0", "duration"]),
        ({"medicines": [PARACETAMOL] * 101}, ["medicines"]),
        ({"treatedAt": "2026-03-02T06:00:01Z"}, ["treatedAt"]),
        ({"treatedAt": "1849-12-31T00:00:00Z"}, ["treatedAt"]),
        ({"treatedAt": "2026-03-01T10:00:00Z", "revisitingDate": "2026-02-28"}, ["revisitingDate"]),
        ({"idempotencyKey": ""}, ["idempotencyKey"]),
    ],
)
async def test_bad_input_is_told_at_its_place_and_nothing_is_written(house, treated, given, field):
    assert problems(await house.create(*treated, **given)) == [("INVALID_INPUT", field)]
    assert await nothing_was_written(house)


async def test_all_problems_are_told_at_once(house, treated):
    bad = {"description": "", "diagnoses": [{"code": "?"}], "medicines": [{"name": "", "dosage": "", "duration": ""}]}
    assert [field for _, field in problems(await house.create(*treated, **bad))] == [
        ["description"],
        ["diagnoses", "0", "code"],
        *(["medicines", "0", name] for name in ("name", "dosage", "duration")),
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("E11", "E11 is divided further: choose a more exact code, such as E11.00."),
        ("Z99.999", "Z99.999 is no code of ICD-10-CM."),
        ("x" * 100, "This is no code of ICD-10-CM."),
        ("A\n0", "This is no code of ICD-10-CM."),
    ],
)
async def test_what_is_wrong_with_a_code_is_said(house, treated, code, message):
    [error] = (await house.create(*treated, diagnoses=[{"code": code}]))["errors"]
    assert error["message"] == message


@pytest.mark.parametrize("status", ["ACCEPTED", "CHECKED_IN", "COMPLETED"])
@pytest.mark.parametrize("named", [True, False])
async def test_it_is_written_from_an_accepted_appointment_on(house, status, named):
    doctor, patient = new_id(), await house.patient()
    visit = await house.visit(doctor, patient, status)
    made = await house.created(doctor, patient, **({"appointmentId": visit} if named else {}))
    assert made["appointment"] == ({"id": visit} if named else None)


@pytest.mark.parametrize("status", ["PENDING", "NO_SHOW"])
async def test_before_that_it_is_not(house, status):
    doctor, patient = new_id(), await house.patient()
    visit = await house.visit(doctor, patient, status)
    assert problems(await house.create(doctor, patient)) == [("INVALID_TRANSITION", ["patientId"])]
    named = await house.create(doctor, patient, appointmentId=visit)
    assert problems(named) == [("INVALID_TRANSITION", ["appointmentId"])]
    assert await nothing_was_written(house)


@pytest.mark.parametrize("status", ["REJECTED", "CANCELLED"])
async def test_a_patient_who_is_not_treated_any_more_is_not_found(house, status):
    doctor, patient = new_id(), await house.patient()
    visit = await house.visit(doctor, patient)
    await house.visit(doctor, patient, status, of=visit)
    for given in ({}, {"appointmentId": visit}):
        assert problems(await house.create(doctor, patient, **given)) == [("NOT_FOUND", ["patientId"])]
    assert await nothing_was_written(house)


async def test_whom_one_does_not_treat_is_as_unknown_as_nobody_and_noted(house, treated):
    stranger, patient = new_id(), treated[1]
    for id in (patient, new_id(), "nobody", ""):
        assert problems(await house.create(stranger, id)) == [("NOT_FOUND", ["patientId"])]
    denied = [message for message in await house.announced() if message.type == "access.denied"]
    assert [(m.audit["resourcetype"], m.audit["resourceid"]) for m in denied] == [("Patient", patient)]


async def test_an_appointment_that_is_not_ones_own_patients(house, treated):
    doctor, patient = treated
    colleague, other = new_id(), await house.patient()
    colleagues = await house.visit(colleague, patient)
    others, unseen = await house.visit(doctor, other), await house.visit(colleague, other)
    await house.visit(doctor, other, "CANCELLED", of=others)
    wanted = {"patientId": patient, "description": "x", "appointmentId": colleagues}
    assert await house.refused(CREATE, house.as_doctor(doctor), input=wanted) == "FORBIDDEN"
    for id, code in ((others, "INVALID_INPUT"), (unseen, "NOT_FOUND"), (new_id(), "NOT_FOUND"), ("", "NOT_FOUND")):
        assert problems(await house.create(doctor, patient, appointmentId=id)) == [(code, ["appointmentId"])]
    assert await nothing_was_written(house)


async def test_an_appointment_has_one_record(house):
    doctor, patient = new_id(), await house.patient()
    visit = await house.visit(doctor, patient)
    payloads = await asyncio.gather(*(house.create(doctor, patient, appointmentId=visit) for _ in range(10)))
    made = [payload["medicalRecord"] for payload in payloads if payload["medicalRecord"]]
    refused = [problems(payload) for payload in payloads if payload["errors"]]
    assert (len(made), refused) == (1, [[("INVALID_INPUT", ["appointmentId"])]] * 9)
    await house.created(doctor, patient)
    await house.created(doctor, patient)


async def test_one_key_makes_one_record(house, treated):
    keyed = {"idempotencyKey": "k", "treatedAt": "2026-03-01T10:00:00Z"}
    payloads = await asyncio.gather(*(house.create(*treated, **keyed) for _ in range(8)))
    assert len({payload["medicalRecord"]["id"] for payload in payloads}) == 1
    other = await house.create(*treated, **keyed, description="Another")
    assert problems(other) == [("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]
    types = [message.type for message in await house.announced()]
    assert types.count("medical_record.created") == 1
    assert types.count("medical_record.read") == 7, "who repeats it reads what was there before"


async def test_what_was_booked_a_moment_ago_is_waited_for(house):
    doctor, patient = new_id(), await house.patient()

    async def bring(keys) -> None:
        await house.visit(doctor, patient)

    house.domain.base.arrivals.bring = bring
    assert (await house.create(doctor, patient))["errors"] == []


async def test_a_glass_that_was_broken_opens_records_for_reading_alone(house, treated):
    other = new_id()
    await house.break_glass(house.as_doctor(other), treated[1])
    wanted = {"patientId": treated[1], "description": "x"}
    assert await house.refused(CREATE, house.as_doctor(other), input=wanted) == "FORBIDDEN"
    assert await nothing_was_written(house)


async def test_without_its_event_nothing_is_written(house, treated, monkeypatch):
    def refuse(*arguments, **more) -> None:
        raise RuntimeError("no outbox")

    monkeypatch.setattr(type(house.domain.base.outbox), "record", refuse)
    wanted = {"patientId": treated[1], "description": "x"}
    assert await house.refused(CREATE, house.as_doctor(treated[0]), input=wanted) == "INTERNAL_SERVER_ERROR"
    monkeypatch.undo()
    ids = "query ($of: [_Any!]!) { _entities(representations: $of) { ... on Patient { medicalRecordIds } } }"
    of = [{"__typename": "Patient", "id": treated[1]}]
    assert await house.ask(ids, house.as_patient(treated[1]), of=of) == {"_entities": [{"medicalRecordIds": []}]}


async def test_the_clock_decides_what_is_the_future(house, treated, clock):
    clock.move(timedelta(seconds=1))
    assert (await house.created(*treated, treatedAt="2026-03-02T06:00:01Z"))["treatedAt"] == "2026-03-02T06:00:01Z"
