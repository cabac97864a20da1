"""Conditions, medication requests and allergies: what a visit's record is made of, and what is not taken."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hospital.fhir.intake import BATCH
from subgraphs.records.rules import CodeSystem, Diagnosis, Medicine
from subgraphs.records.service import ImportedRecord
from tests.hospital.fhir.exports import (
    ICD10CM,
    SNOMED,
    allergy_intolerance,
    condition,
    encounter,
    load,
    medication_request,
    patient,
    without,
    write,
    write_whole,
)


async def test_a_visit_with_a_condition_or_a_medicine_has_one_record_and_one_without_has_none(tmp_path: Path):
    write_whole(tmp_path)
    of_e2, of_e3 = {"encounter": {"reference": "Encounter/e2"}}, {"encounter": {"reference": "Encounter/e3"}}
    why = [{"text": "Follow-up"}]
    write(tmp_path, "Encounter.ndjson", encounter(type=why), encounter("e2"), encounter("e3"), encounter("e4"))
    write(tmp_path, "Condition.ndjson", condition(), condition("c2", "73595000"), condition("c3", **of_e2))
    write(tmp_path, "MedicationRequest.ndjson", medication_request(), medication_request("m2", **of_e3))
    outcome = await load(tmp_path)
    records = {given.appointment_id: given for given in outcome.shelf.taken.values() if type(given) is ImportedRecord}
    assert {id: (len(given.diagnoses), len(given.medicines)) for id, given in records.items()} == {
        "id of fhir:Encounter/e1": (2, 1),
        "id of fhir:Encounter/e2": (1, 0),
        "id of fhir:Encounter/e3": (0, 1),
    }
    first = records["id of fhir:Encounter/e1"]
    assert (first.import_key, first.description) == ("fhir:MedicalRecord/e1", "Follow-up")
    assert first.treated_at == datetime(2020, 5, 31, 7, 30, tzinfo=UTC)
    assert first.diagnoses == (
        Diagnosis(CodeSystem.SNOMED, "44054006", "Type 2 diabetes mellitus"),
        Diagnosis(CodeSystem.SNOMED, "73595000", "Type 2 diabetes mellitus"),
    )
    assert first.medicines == (Medicine("Metformin 500 MG Oral Tablet"),)
    assert (records["id of fhir:Encounter/e2"].description, outcome.said) == ("Visit", [])


async def test_icd_10_cm_gets_the_words_of_the_list(tmp_path: Path):
    write_whole(tmp_path)
    coding = [{"system": "urn:own", "code": "X"}, {"system": ICD10CM, "code": "E119", "display": "Sugar"}]
    write(tmp_path, "Condition.ndjson", condition(code={"coding": coding}, note=[{"text": "Since 2019"}]))
    [diagnosis] = (await load(tmp_path)).shelf["MedicalRecord/e1"].diagnoses
    display = "Type 2 diabetes mellitus without complications"
    assert diagnosis == Diagnosis(CodeSystem.ICD10CM, "E11.9", display, "Since 2019")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"encounter": None}, "encounter is missing: only what belongs to a visit is taken"),
        ({"encounter": {"reference": "Encounter/gone"}}, "encounter: no Encounter/gone was taken"),
        ({"subject": {"reference": "Patient/gone"}}, "subject: no Patient/gone was taken"),
        ({"subject": {"reference": "Patient/p2"}}, "subject: is not the patient of the encounter"),
        ({"code": {"text": "Sugar"}}, "code: neither SNOMED nor ICD-10-CM"),
        ({"code": {"coding": [{"system": SNOMED, "code": "12", "display": "x"}]}}, "code: A SNOMED code has 6"),
        ({"code": {"coding": [{"system": SNOMED, "code": "44054006"}]}}, "code: The `display` of a SNOMED code"),
        ({"code": {"coding": [{"system": ICD10CM, "code": "E11"}]}}, "code: E11 is divided further"),
        ({"code": {"coding": [{"system": ICD10CM, "code": "no"}]}}, "code: no is no code of ICD-10-CM"),
        ({"verificationStatus": {"coding": [{"code": "refuted"}]}}, "refuted conditions are not taken"),
        ({"note": [{"text": "x" * 1001}]}, "code: `note` has 1000 printable characters at most"),
    ],
)
async def test_a_condition_that_is_not_taken_is_named_and_the_rest_of_the_record_is(
    tmp_path: Path, more: dict[str, Any], problem: str
):
    write_whole(tmp_path)
    write(tmp_path, "Patient.ndjson", patient(), patient("p2"))
    write(tmp_path, "Condition.ndjson", condition(), condition("c2", **more))
    outcome = await load(tmp_path)
    assert [line.partition(": ")[0] for line in outcome.said] == ["Condition.ndjson:2"]
    assert problem in outcome.said[0]
    assert len(outcome.shelf["MedicalRecord/e1"].diagnoses) == 1
    assert outcome.report.of("Condition").refused == 1


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"status": "entered-in-error"}, "status: entered-in-error requests are not taken"),
        ({"intent": "proposal"}, "intent: proposal is no order"),
        ({"doNotPerform": True}, "what is not to be taken is no medicine"),
        ({"medicationCodeableConcept": {}}, "medication: it has no name"),
        ({"medicationCodeableConcept": {"text": "x" * 501}}, "`name` is one line of 1 to 500 characters"),
        ({"encounter": None}, "encounter is missing"),
        ({"subject": {"reference": "Patient/p2"}}, "subject: is not the patient of the encounter"),
        ({"dosageInstruction": "twice"}, "dosageInstruction: input should be a valid array"),
    ],
)
async def test_a_medicine_that_is_not_taken_is_named(tmp_path: Path, more: dict[str, Any], problem: str):
    write_whole(tmp_path)
    write(tmp_path, "Patient.ndjson", patient(), patient("p2"))
    write(tmp_path, "MedicationRequest.ndjson", medication_request("m0", **more), medication_request())
    outcome = await load(tmp_path)
    assert [line.partition(": ")[0] for line in outcome.said] == ["MedicationRequest.ndjson:1"]
    assert problem in outcome.said[0]
    assert outcome.shelf["MedicalRecord/e1"].medicines == (Medicine("Metformin 500 MG Oral Tablet"),)


DAILY = {"frequency": 1, "period": 1.0, "periodUnit": "d"}


@pytest.mark.parametrize(
    ("dosage", "words"),
    [
        ({"text": "Take as needed."}, "Take as needed."),
        ({"timing": {"repeat": DAILY}, "doseAndRate": [{"doseQuantity": {"value": 1.0}}]}, "1, once every day"),
        (
            {
                "timing": {"repeat": {"frequency": 2, "period": 6, "periodUnit": "h"}},
                "doseAndRate": [{"doseQuantity": {"value": 2.5, "unit": "ml"}}],
                "asNeededBoolean": True,
            },
            "2.5 ml, 2 times every 6 hours, as needed",
        ),
        ({"timing": {"code": {"text": "BID"}}}, "BID"),
        ({}, None),
    ],
)
async def test_a_dosage_is_as_it_is_written_or_told_from_its_numbers(
    tmp_path: Path, dosage: dict[str, Any], words: str | None
):
    write_whole(tmp_path)
    write(tmp_path, "MedicationRequest.ndjson", medication_request(dosageInstruction=[dosage]))
    [medicine] = (await load(tmp_path)).shelf["MedicalRecord/e1"].medicines
    assert (medicine.dosage, medicine.duration) == (words, None)


@pytest.mark.parametrize(
    "more",
    [
        {"dosageInstruction": [{"timing": {"repeat": {"boundsDuration": {"value": 5, "unit": "days"}}}}]},
        {"dispenseRequest": {"expectedSupplyDuration": {"value": 5, "unit": "days", "code": "d"}}},
    ],
)
async def test_how_long_it_is_taken(tmp_path: Path, more: dict[str, Any]):
    write_whole(tmp_path)
    named = {"medicationCodeableConcept": None, "medicationReference": {"display": "Metformin"}}
    write(tmp_path, "MedicationRequest.ndjson", medication_request(**named, **more))
    [medicine] = (await load(tmp_path)).shelf["MedicalRecord/e1"].medicines
    assert (medicine.name, medicine.duration) == ("Metformin", "5 days")


async def test_an_allergy(tmp_path: Path):
    write_whole(tmp_path)
    given = [
        allergy_intolerance(),
        allergy_intolerance("a2", code={"text": "Nuts"}, criticality="high", recordedDate="1996"),
        without(allergy_intolerance("a3", onsetDateTime="1990-01-01"), "criticality", "recordedDate"),
        allergy_intolerance("a4", code={}),
        allergy_intolerance("a5", patient={"reference": "Patient/gone"}),
        allergy_intolerance("a6", verificationStatus={"coding": [{"code": "entered-in-error"}]}),
        allergy_intolerance("a7", recordedDate="yesterday"),
    ]
    write(tmp_path, "AllergyIntolerance.ndjson", *given)
    outcome = await load(tmp_path)
    assert [line.partition(": ")[0] for line in outcome.said] == [
        f"AllergyIntolerance.ndjson:{n}" for n in (4, 5, 6, 7)
    ]
    first, second, third = (outcome.shelf[f"AllergyIntolerance/a{number}"] for number in (1, 2, 3))
    assert (first.patient_id, first.code, first.display, first.criticality, first.recorded_at) == (
        *("id of fhir:Patient/p1", "1191", "Aspirin", "low"),
        datetime(1996, 12, 27, 9, 21, 52, tzinfo=UTC),
    )
    assert (second.code, second.display, second.recorded_at) == (
        None,
        "Nuts",
        datetime(1995, 12, 31, 18, 30, tzinfo=UTC),
    )
    assert (third.criticality, third.recorded_at) == (None, datetime(1989, 12, 31, 18, 30, tzinfo=UTC))


async def test_memory_holds_one_batch_of_records(tmp_path: Path):
    write_whole(tmp_path)
    visits = range(1, BATCH + 2)
    write(tmp_path, "Encounter.ndjson", *(encounter(f"e{number}") for number in visits))
    of = ({"reference": f"Encounter/e{number}"} for number in visits)
    write(tmp_path, "Condition.ndjson", *(condition(f"c{n}", encounter=next(of)) for n in visits))
    outcome = await load(tmp_path)
    assert outcome.shelf.batches[-2:] == [BATCH, 1]
    tally = outcome.report.of("MedicalRecord")
    assert (tally.lines, tally.made, tally.refused) == (BATCH + 1, BATCH + 1, 0)
