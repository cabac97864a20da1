"""Records and allergies of another system: each is taken once, and a bad one is refused alone."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from subgraphs.kernel.ids import new_id
from subgraphs.records.rules import CodeSystem, Diagnosis, Medicine
from subgraphs.records.service import ImportedAllergy, ImportedRecord

LONG_AGO = datetime(1976, 1, 19, 22, 58, 16, tzinfo=UTC)
SNOMED = Diagnosis(CodeSystem.SNOMED, "91302008", "Sepsis (disorder)")
ALLERGIES = """
query ($of: [_Any!]!) {
  _entities(representations: $of) { ... on Patient { allergies { id code display criticality recordedAt } } }
}
"""


@pytest.fixture
async def visits(house):
    """A doctor, a patient, and ten visits."""
    doctor, patient = new_id(), await house.patient()
    return doctor, patient, [await house.visit(doctor, patient, "COMPLETED") for _ in range(10)]


def record(key: str, visit: str, **given) -> ImportedRecord:
    known = {"treated_at": LONG_AGO, "description": "Visit", "diagnoses": (SNOMED,)}
    return ImportedRecord(**({"import_key": key, "appointment_id": visit} | known | given))


async def test_a_record_stands_as_it_was_elsewhere(house, visits):
    doctor, patient, [visit, *_] = visits
    icd = Diagnosis(CodeSystem.ICD10CM, "i10")
    given = record("one", visit, diagnoses=(SNOMED, icd), medicines=(Medicine("Lisinopril"), Medicine("A", "1", "2")))
    outcome = await house.domain.service.import_records([given])
    assert (outcome.made, outcome.refused) == (1, {})
    seen = await house.look(outcome.ids["one"], house.as_patient(patient))
    assert [(each["system"], each["display"]) for each in seen["diagnoses"]] == [
        ("SNOMED", "Sepsis (disorder)"),
        ("ICD10CM", "Essential (primary) hypertension"),
    ]
    assert seen["medicines"] == [
        {"name": "Lisinopril", "dosage": None, "duration": None},
        {"name": "A", "dosage": "1", "duration": "2"},
    ]
    assert (seen["doctor"]["id"], seen["appointment"]["id"], seen["patient"]["id"]) == (doctor, visit, patient)
    assert (seen["treatedAt"], seen["revisitingDate"]) == ("1976-01-19T22:58:16Z", None), "no date is made up"
    [version] = seen["versions"]
    assert (version["byAccountId"], version["reason"]) == (None, None)
    event = (await house.announced())[0]
    assert (event.type, event.data["imported"], event.actor.name, event.occurred_at) == (
        *("medical_record.created", True, "import"),
        LONG_AGO,
    )
    amended = await house.amend(doctor, outcome.ids["one"], description="Found in the old file")
    assert amended["medicalRecord"]["version"] == 2


async def test_the_same_batch_again_or_at_once_makes_each_once(house, visits):
    batch = [record(f"key {place}", visit) for place, visit in enumerate(visits[2])]
    take = house.domain.service.import_records
    first, second = await asyncio.gather(take(batch), take(batch))
    again = await take([*batch[5:], *batch])
    assert (first.made + second.made, again.made) == (10, 0)
    assert first.ids == second.ids == again.ids
    assert [message.type for message in await house.announced()] == ["medical_record.created"] * 10


async def test_what_is_wrong_is_refused_alone(house, visits):
    _, _, [taken, *free] = visits
    await house.domain.service.import_records([record("earlier", taken)])
    bad = {
        "visit unknown": {"appointment_id": new_id()},
        "visit has one": {"appointment_id": taken},
        "future": {"treated_at": datetime(2026, 3, 3, tzinfo=UTC)},
        "description": {"description": "\0"},
        "code": {"diagnoses": (Diagnosis(CodeSystem.ICD10CM, "E11"),)},
        "medicine": {"medicines": (Medicine(" "),)},
        "too many": {"medicines": (Medicine("A"),) * 101},
        "x" * 201: {},
    }
    batch = [record("good", free[0]), *(record(key, free[1], **given) for key, given in bad.items())]
    outcome = await house.domain.service.import_records([*batch, record("fine", free[1]), record("late", free[1])])
    assert (set(outcome.ids), outcome.made) == ({"good", "fine"}, 2)
    assert set(outcome.refused) == {*bad, "late"}
    assert outcome.refused["late"] == "The record's visit is not known here, or has a record already."


@pytest.mark.parametrize("count", [1, 50])
async def test_a_batch_costs_a_statement_for_each_event_and_six_more(house, visits, count, statements):
    doctor, patient, _ = visits
    batch = [record(f"{place}", await house.visit(doctor, patient, "COMPLETED")) for place in range(count)]
    statements.clear()
    await house.domain.service.import_records(batch)
    counted = [run for run in statements if "INTO outbox" not in run]
    assert len(counted) <= 6, counted


async def test_allergies_are_read_newest_first(house, visits):
    _, patient, _ = visits
    newer = LONG_AGO + timedelta(days=1)
    batch = [
        ImportedAllergy("old", patient, "Aspirin", "1191", "low", LONG_AGO),
        ImportedAllergy("no date", patient, "Nuts"),
        ImportedAllergy("new", patient, "Penicillin", "7980", "high", newer),
        ImportedAllergy("nobody's", new_id(), "x"),
        ImportedAllergy("blank", patient, " "),
        ImportedAllergy("future", patient, "x", recorded_at=datetime(2026, 3, 3, tzinfo=UTC)),
        ImportedAllergy("long", patient, "x", code="x" * 65),
    ]
    outcome = await house.domain.service.import_allergies(batch)
    assert (outcome.made, set(outcome.refused)) == (3, {"nobody's", "blank", "future", "long"})
    assert (await house.domain.service.import_allergies(batch)).made == 0
    of = [{"__typename": "Patient", "id": patient}]
    [found] = (await house.ask(ALLERGIES, house.as_patient(patient), of=of))["_entities"]
    newest = {"code": "7980", "display": "Penicillin", "criticality": "high", "recordedAt": "1976-01-20T22:58:16Z"}
    assert found["allergies"][0] == {"id": outcome.ids["new"]} | newest
    assert [each["display"] for each in found["allergies"]] == ["Penicillin", "Aspirin", "Nuts"]
    events = [message for message in await house.announced() if message.type == "allergy.recorded"]
    assert [(m.audit["resourcetype"], m.audit["patientid"], m.data["imported"]) for m in events] == [
        ("AllergyIntolerance", patient, True)
    ] * 3
    assert "Penicillin" not in str([message.to_json() for message in events])
