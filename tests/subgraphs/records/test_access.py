"""Who sees a record, its versions and the allergies, on every way to them; and what a broken glass opens."""

from datetime import UTC, datetime, timedelta

import pytest

from subgraphs.kernel.ids import new_id
from subgraphs.records.service import ImportedAllergy
from tests.subgraphs.records.conftest import BREAK, RECORD, problems

ENTITIES = """
query ($of: [_Any!]!) {
  _entities(representations: $of) {
    ... on Patient { id medicalRecordIds allergies { display } medicalRecords { totalCount nodes { description } } }
    ... on Appointment { id medicalRecord { description versions { reason } } }
  }
}
"""
SEES, SEES_NOT = ("own", "treating"), ("another patient", "another doctor", "ADMIN")
NEVER = {"RECEPTIONIST": "FORBIDDEN", "BILLING_CLERK": "FORBIDDEN", "AUDITOR": "FORBIDDEN", "nobody": "UNAUTHENTICATED"}


@pytest.fixture
async def scene(house):
    doctor, patient = new_id(), await house.patient()
    visit = await house.visit(doctor, patient)
    record = await house.created(doctor, patient, appointmentId=visit, description="secret")
    await house.amend(doctor, record["id"], reason="secret reason", medicines=[])
    await house.amend(doctor, record["id"], reason="secret", diagnoses=[{"code": "J06.9"}])
    allergy = ImportedAllergy("a", patient, "secret", recorded_at=datetime(2020, 1, 1, tzinfo=UTC))
    await house.domain.service.import_allergies([allergy])
    return {"doctor": doctor, "patient": patient, "visit": visit, "id": record["id"]}


@pytest.fixture
def bearer_of(house, scene):
    seats = {
        "own": house.as_patient(scene["patient"]),
        "treating": house.as_doctor(scene["doctor"]),
        "another patient": house.as_patient(new_id()),
        "another doctor": house.as_doctor(new_id()),
        "nobody": None,
    }
    return lambda seat: seats[seat] if seat in seats else house.as_role(seat)


def of(scene) -> list[dict]:
    return [
        {"__typename": "Patient", "id": scene["patient"]},
        {"__typename": "Appointment", "id": scene["visit"]},
        {"__typename": "Patient", "id": "half \ud800"},
        {"__typename": "Appointment", "id": ""},
    ]


@pytest.mark.parametrize("seat", SEES)
async def test_who_may_see_a_record_sees_it_on_every_way(house, scene, bearer_of, seat):
    assert (await house.look(scene["id"], bearer_of(seat)))["description"] == "secret"
    patient, appointment, *unknown = (await house.ask(ENTITIES, bearer_of(seat), of=of(scene)))["_entities"]
    assert patient["medicalRecordIds"] == [scene["id"]]
    assert patient["medicalRecords"] == {"totalCount": 1, "nodes": [{"description": "secret"}]}
    assert patient["allergies"] == [{"display": "secret"}]
    assert appointment["medicalRecord"]["description"] == "secret"
    assert unknown == [None, {"id": "", "medicalRecord": None}]


@pytest.mark.parametrize("seat", [*SEES_NOT, *NEVER])
async def test_who_may_not_gets_null_without_an_error_on_the_way_from_elsewhere(house, scene, bearer_of, seat):
    found = (await house.ask(ENTITIES, bearer_of(seat), of=of(scene)))["_entities"]
    assert found[:2] == [None, {"id": scene["visit"], "medicalRecord": None}]


@pytest.mark.parametrize("seat", SEES_NOT)
async def test_a_record_of_somebody_else_is_null_and_noted(house, scene, bearer_of, seat):
    assert await house.look(scene["id"], bearer_of(seat)) is None
    assert await house.look(new_id(), bearer_of(seat)) is None
    denied = [message for message in await house.announced() if message.type == "access.denied"]
    assert [(m.data["deed"], m.key, m.audit["patientid"]) for m in denied] == [
        ("medicalRecord", scene["id"], scene["patient"])
    ]


@pytest.mark.parametrize("seat", NEVER)
async def test_a_role_that_never_may_is_told_so_before_any_id_is_looked_at(house, scene, bearer_of, seat):
    for id in (scene["id"], new_id(), ""):
        assert await house.refused(RECORD, bearer_of(seat), id=id) == NEVER[seat]
    for id in (scene["patient"], new_id(), ""):
        wanted = {"patientId": id, "reason": "x"}
        assert await house.refused(BREAK, bearer_of(seat), input=wanted) == NEVER[seat]
    assert await house.refused(BREAK, bearer_of("own"), input=wanted) == "FORBIDDEN"


async def test_whose_last_appointment_is_cancelled_sees_the_record_no_more(house, scene, bearer_of):
    await house.visit(scene["doctor"], scene["patient"], "CANCELLED", of=scene["visit"])
    assert await house.look(scene["id"], bearer_of("treating")) is None
    assert await house.look(scene["id"], bearer_of("own")) is not None


@pytest.mark.parametrize("seat", ["another doctor", "ADMIN"])
async def test_a_broken_glass_opens_the_records_of_one_patient_for_an_hour(house, scene, bearer_of, seat, clock):
    breaker = bearer_of(seat)
    broken = await house.break_glass(breaker, scene["patient"], "  Unconscious ")
    assert broken == {
        "patient": {"id": scene["patient"], "medicalRecordIds": [scene["id"]]},
        "expiresAt": "2026-03-02T07:00:00Z",
        "errors": [],
    }
    await test_who_may_see_a_record_sees_it_on_every_way(house, scene, lambda _: breaker, seat)
    assert await house.look(scene["id"], house.as_doctor(new_id())) is None, "another account"
    other = await house.patient()
    seen = await house.ask(ENTITIES, breaker, of=[{"__typename": "Patient", "id": other}])
    assert seen["_entities"] == [None], "another patient"
    clock.move(timedelta(minutes=59, seconds=59))
    assert await house.look(scene["id"], breaker) is not None
    clock.move(timedelta(seconds=1))
    assert await house.look(scene["id"], breaker) is None
    await house.break_glass(breaker, scene["patient"])
    assert await house.look(scene["id"], breaker) is not None


async def test_a_broken_glass_is_announced_with_its_reason_and_whose_it_is(house, scene, bearer_of):
    await house.break_glass(bearer_of("ADMIN"), scene["patient"], "  Unconscious ")
    [event] = [message for message in await house.announced() if message.type == "glass.broken"]
    audited = {"action": "EXECUTE", "outcome": "SUCCESS", "reason": "Unconscious", "resourcetype": "Patient"}
    assert audited.items() <= event.audit.items()
    assert (event.audit["patientid"], event.actor.role) == (scene["patient"], "ADMIN")


@pytest.mark.parametrize(
    ("patient", "reason", "problem"),
    [
        ("known", " ", ("INVALID_INPUT", ["reason"])),
        ("known", "x" * 1001, ("INVALID_INPUT", ["reason"])),
        ("known", "\0", ("INVALID_INPUT", ["reason"])),
        ("unknown", "x", ("NOT_FOUND", ["patientId"])),
        ("", "x", ("NOT_FOUND", ["patientId"])),
    ],
)
async def test_what_is_wrong_with_it_is_said_and_opens_nothing(house, scene, bearer_of, patient, reason, problem):
    id = {"known": scene["patient"], "unknown": new_id()}.get(patient, patient)
    payload = await house.break_glass(bearer_of("ADMIN"), id, reason)
    assert (payload["patient"], payload["expiresAt"], problems(payload)) == (None, None, [problem])
    assert await house.look(scene["id"], bearer_of("ADMIN")) is None


async def test_a_patient_who_was_registered_a_moment_ago_is_waited_for(house):
    arriving: list[str] = []

    async def bring(keys) -> None:
        arriving.extend(keys)

    house.domain.base.arrivals.bring = bring
    unknown = new_id()
    assert problems(await house.break_glass(house.as_role("ADMIN"), unknown)) == [("NOT_FOUND", ["patientId"])]
    assert arriving == [unknown]


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR"])
async def test_a_token_that_names_nobody_sees_nothing(house, scene, role):
    assert await house.look(scene["id"], house.as_role(role)) is None


@pytest.mark.parametrize("role", ["PATIENT", "AUDITOR", "ADMIN"])
async def test_a_doctors_id_in_a_token_of_another_role_gives_nothing(house, scene, role):
    bearer = house.as_role(role, doctor_id=scene["doctor"])
    [patient, *_] = (await house.ask(ENTITIES, bearer, of=of(scene)))["_entities"]
    assert patient is None
