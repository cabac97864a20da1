"""A whole export: whatever its order and its faults, what is good comes in, and each line that does not is named."""

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hospital.fhir.export import MAXIMUM_LINE_BYTES, NotAnExport
from hospital.fhir.intake import BATCH
from subgraphs.patients.rules import Sex
from tests.hospital.fhir.exports import (
    NOW,
    NPI,
    Shelf,
    encounter,
    load,
    organization,
    patient,
    practitioner,
    role,
    without,
    write,
    write_whole,
)


async def test_it_takes_one_of_each(tmp_path: Path):
    write_whole(tmp_path)
    outcome = await load(tmp_path)
    shelf = outcome.shelf
    assert outcome.said == []
    assert shelf["Organization/o1"].name == "MERIDIAN CLINIC"
    doctor = shelf["Practitioner/d1"]
    assert (doctor.name, doctor.email, doctor.specialty) == ("Dr. Kavya Rao", "kavya.rao@example.com", "Cardiology")
    assert doctor.department_id == "id of fhir:Organization/o1"
    assert (shelf["Patient/p1"].name, shelf["Patient/p1"].dob) == ("Meera Nair", date(1980, 5, 31))
    visit = shelf["Encounter/e1"]
    assert (visit.patient_id, visit.doctor_id) == ("id of fhir:Patient/p1", "id of fhir:Practitioner/d1")
    assert visit.department_id == "id of fhir:Organization/o1"
    assert visit.starts_at == datetime(2020, 5, 31, 7, 30, tzinfo=UTC)
    assert visit.status == "COMPLETED"


async def test_files_may_be_compressed_numbered_and_in_parts(tmp_path: Path):
    write(tmp_path, "Organization.000.ndjson", organization())
    write(tmp_path, "Practitioner.000.ndjson.gz", practitioner())
    write(tmp_path, "1.PractitionerRole.ndjson", role())
    write(tmp_path, "Patient.000.ndjson.gz", patient("p1"))
    write(tmp_path, "Patient.001.ndjson", patient("p2"))
    write(tmp_path, "output-7.ndjson", encounter("e1"), encounter("e2", subject={"reference": "Patient/p2"}))
    outcome = await load(tmp_path)
    assert outcome.said == []
    assert outcome.shelf["Encounter/e2"].patient_id == "id of fhir:Patient/p2"


async def test_a_second_run_makes_nothing_new(tmp_path: Path):
    write_whole(tmp_path)
    first = await load(tmp_path)
    second = await load(tmp_path, first.shelf)
    assert {kind: (tally.made, tally.known) for kind, tally in second.report.tallies.items()} == {
        "Organization": (0, 1),
        "PractitionerRole": (0, 0),
        "Practitioner": (0, 1),
        "Patient": (0, 1),
        "Encounter": (0, 1),
        "AllergyIntolerance": (0, 1),
        "Condition": (0, 0),
        "MedicationRequest": (0, 0),
        "MedicalRecord": (0, 1),
    }


async def test_each_line_that_is_not_taken_is_named_with_its_place(tmp_path: Path):
    write_whole(tmp_path)
    write(
        tmp_path,
        "Encounter.ndjson",
        encounter("e1"),
        b'{"resourceType": "Encounter", ',
        b"\xff\xfe not UTF-8",
        b"null",
        b"",
        b"[" * 100_000,
        encounter("e2", status="planned"),
        encounter("e3", subject={"reference": "Patient/nobody"}),
        encounter("e4", subject={"reference": "Group/1"}),
        encounter("e5", participant=[]),
        encounter("e6", period={"start": "2020-05-31T09:30:00"}),
        without(encounter("e7"), "period"),
        encounter("e8", period="yesterday"),
        patient("p9"),
        encounter("e9/../x"),
        b'{"resourceType": "Encounter", "id": "long", "x": "' + b"y" * MAXIMUM_LINE_BYTES + b'"}',
        encounter("e10"),
    )
    outcome = await load(tmp_path)
    places = [line.partition(": ")[0] for line in outcome.said]
    assert places == [f"Encounter.ndjson:{number}" for number in (2, 3, 4, *range(6, 17))]
    said = dict(zip((int(place.split(":")[1]) for place in places), outcome.said, strict=True))
    assert "invalid JSON" in said[2]
    assert "planned encounters are not taken" in said[7]
    assert "subject: no Patient/nobody was taken" in said[8]
    assert "expected a Patient, not Group/1" in said[9]
    assert "no practitioner takes part" in said[10]
    assert "is not an instant" in said[11]
    assert "period: field required" in said[12]
    assert "resourceType: input should be 'Encounter'" in said[14]
    assert "longer than 5,000,000 bytes" in said[16]
    assert all(len(line) < 400 for line in outcome.said)
    tally = outcome.report.of("Encounter")
    assert (tally.lines, tally.made, tally.refused) == (16, 2, 14)


async def test_a_damaged_archive_is_named_and_the_rest_goes_on(tmp_path: Path):
    write_whole(tmp_path)
    whole = gzip.compress(b"\n".join(b'{"resourceType": "Patient", "id": "%d"}' % number for number in range(9000)))
    (tmp_path / "Patient.001.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    outcome = await load(tmp_path)
    assert "the file cannot be read on from here" in outcome.said[-1]
    assert outcome.shelf["Encounter/e1"]


async def test_kinds_not_yet_taken_are_counted_and_are_no_failure(tmp_path: Path):
    write_whole(tmp_path)
    write(tmp_path, "Observation.ndjson", {"resourceType": "Observation"}, b"not even JSON")
    write(tmp_path, "log.ndjson", {"exportId": "x"})
    (tmp_path / "README.txt").write_text("not looked at")
    outcome = await load(tmp_path)
    assert (outcome.said, outcome.report.refused) == ([], 0)
    assert outcome.report.passed_over == {"Observation": 2, "log.ndjson": 1}


async def test_a_folder_without_an_export_is_refused(tmp_path: Path):
    with pytest.raises(NotAnExport, match=r"holds no \.ndjson"):
        await load(tmp_path)
    with pytest.raises(NotAnExport, match="There is no"):
        await load(tmp_path / "nowhere")


async def test_memory_holds_one_batch(tmp_path: Path):
    write_whole(tmp_path)
    write(tmp_path, "Patient.ndjson", *(patient(f"p{number}") for number in range(1, 2 * BATCH + 2)))
    outcome = await load(tmp_path)
    assert sorted(outcome.shelf.batches, reverse=True)[:3] == [BATCH, BATCH, 1]


async def test_who_has_no_role_is_in_a_department_of_its_own(tmp_path: Path):
    write_whole(tmp_path)
    write(tmp_path, "Practitioner.ndjson", practitioner(), practitioner("d2", "222"), practitioner("d3", "333"))
    outcome = await load(tmp_path)
    doctor = outcome.shelf["Practitioner/d2"]
    assert (doctor.specialty, doctor.email) == ("Not stated", "d2@practitioner.invalid")
    assert doctor.department_id == outcome.shelf["Practitioner/d3"].department_id == "id of fhir:Organization/"
    assert outcome.shelf["Organization/"].name == "Not assigned"


async def test_the_active_role_decides(tmp_path: Path):
    write_whole(tmp_path)
    write(tmp_path, "Organization.ndjson", organization(), organization("o2"))
    former = role("r0", active=False, organization={"reference": "Organization/o2"}, specialty=[{"text": "Surgery"}])
    write(tmp_path, "PractitionerRole.ndjson", former, role("r1", practitioner={"reference": "Practitioner/d1"}))
    outcome = await load(tmp_path)
    doctor = outcome.shelf["Practitioner/d1"]
    assert (doctor.specialty, doctor.department_id) == ("Cardiology", "id of fhir:Organization/o1")


async def test_a_role_of_nobody_and_one_of_nowhere_are_named(tmp_path: Path):
    write_whole(tmp_path)
    nobody = role("r2", practitioner={"reference": "Practitioner/gone"})
    nowhere = role("r3", organization={"reference": "Organization/gone"})
    write(tmp_path, "PractitionerRole.ndjson", role(), nobody, nowhere)
    outcome = await load(tmp_path)
    assert outcome.said == [
        "PractitionerRole.ndjson:3: organization: no Organization/gone was taken",
        "PractitionerRole.ndjson:2: practitioner: there is no Practitioner/gone in the export",
    ]


async def test_a_visit_may_name_its_doctor_by_their_role_and_its_leader_wins(tmp_path: Path):
    write_whole(tmp_path)
    write(tmp_path, "Practitioner.ndjson", practitioner("d2", "222"), practitioner())
    second = {"individual": {"reference": "Practitioner/d2"}}
    leader = {"type": [{"coding": [{"code": "ATND"}]}], "individual": {"reference": "PractitionerRole/r1"}}
    write(tmp_path, "Encounter.ndjson", encounter(participant=[second, leader]))
    outcome = await load(tmp_path)
    assert outcome.shelf["Encounter/e1"].doctor_id == "id of fhir:Practitioner/d1"


async def test_a_visit_without_a_known_organisation_is_one_of_the_doctors_department(tmp_path: Path):
    write_whole(tmp_path)
    elsewhere = encounter("e2", serviceProvider={"reference": "Organization/gone"})
    write(tmp_path, "Encounter.ndjson", without(encounter(), "serviceProvider"), elsewhere)
    outcome = await load(tmp_path)
    assert {outcome.shelf[key].department_id for key in ("Encounter/e1", "Encounter/e2")} == {
        "id of fhir:Organization/o1"
    }


async def test_an_identifier_of_two_people_means_neither(tmp_path: Path):
    write_whole(tmp_path)
    same = [{"system": "urn:ssn", "value": "1"}]
    write(tmp_path, "Patient.ndjson", patient("p1", identifier=same), patient("p2", identifier=same))
    write(
        tmp_path, "Encounter.ndjson", encounter(subject={"reference": "Patient?identifier=urn:ssn|1"}), encounter("e2")
    )
    outcome = await load(tmp_path)
    said = [line for line in outcome.said if line.startswith("Encounter")]
    assert said == ["Encounter.ndjson:1: subject: Patient?identifier=urn:ssn|1 is more than one Patient"]


async def test_two_systems_may_use_the_same_ids(tmp_path: Path):
    write_whole(tmp_path)
    shelf = Shelf()
    await load(tmp_path, shelf)
    await load(tmp_path, shelf, system="clinic b")
    assert {"fhir:Patient/p1", "fhir:clinic b:Patient/p1"} <= shelf.taken.keys()


async def test_what_is_known_of_a_patient(tmp_path: Path):
    given = patient(
        gender="female",
        deceasedDateTime="2021-01-02",
        telecom=[
            {"system": "phone", "value": "555-1", "use": "old"},
            {"system": "phone", "value": "(555) 810 72-03", "use": "mobile"},
            {"system": "email", "value": "meera@example.com"},
        ],
        address=[{"line": ["633 Abernathy Landing"], "city": "Emporia", "state": "KS", "postalCode": "66801"}],
    )
    write(tmp_path, "Patient.ndjson", given)
    taken = (await load(tmp_path)).shelf["Patient/p1"]
    assert (taken.sex, taken.phone, taken.email) == (Sex.FEMALE, "(555) 810 72-03", "meera@example.com")
    assert taken.address == "633 Abernathy Landing, Emporia KS 66801"
    assert taken.deceased_at == datetime(2021, 1, 1, 18, 30, tzinfo=UTC)  # the day's first moment in the zone


@pytest.mark.parametrize(
    ("more", "died"),
    [
        ({"deceasedDateTime": "1980"}, datetime(1980, 5, 30, 18, 30, tzinfo=UTC)),  # born that year: not before
        ({"deceasedDateTime": "2001-07"}, datetime(2001, 6, 30, 18, 30, tzinfo=UTC)),
        ({"deceasedDateTime": "2001-07-04T10:00:00Z"}, datetime(2001, 7, 4, 10, tzinfo=UTC)),
        ({"deceasedBoolean": True}, NOW),
        ({"deceasedBoolean": True, "meta": {"lastUpdated": "2019-01-01T00:00:00Z"}}, datetime(2019, 1, 1, tzinfo=UTC)),
        ({"deceasedBoolean": False}, None),
    ],
)
async def test_a_death_is_as_exact_as_it_was_written(tmp_path: Path, more: dict[str, object], died: datetime | None):
    write(tmp_path, "Patient.ndjson", patient(**more))
    assert (await load(tmp_path)).shelf["Patient/p1"].deceased_at == died


@pytest.mark.parametrize(
    ("period", "span"),
    [
        ({"start": "2020-05-31T10:00:00Z"}, (datetime(2020, 5, 31, 10, tzinfo=UTC), timedelta(minutes=30))),
        (
            {"start": "2026-03-02T05:50:00Z"},
            (datetime(2026, 3, 2, 5, 50, tzinfo=UTC), timedelta(minutes=10)),
        ),  # till now
        ({"start": "2020-05-31", "end": "2020-06-01"}, (datetime(2020, 5, 30, 18, 30, tzinfo=UTC), timedelta(days=1))),
    ],
)
async def test_a_visit_lasts_as_long_as_it_says(
    tmp_path: Path, period: dict[str, str], span: tuple[datetime, timedelta]
):
    write_whole(tmp_path)
    write(tmp_path, "Encounter.ndjson", encounter(period=period))
    visit = (await load(tmp_path)).shelf["Encounter/e1"]
    assert (visit.starts_at, visit.ends_at - visit.starts_at) == span


async def test_the_notes_say_what_kind_of_visit_it_was_and_why(tmp_path: Path):
    write_whole(tmp_path)
    why = [{"coding": [{"code": "1", "display": "End-stage renal disease"}]}]
    write(tmp_path, "Encounter.ndjson", encounter(type=[{"text": "Follow-up\nencounter"}], reasonCode=why))
    assert (await load(tmp_path)).shelf["Encounter/e1"].notes == "Follow-up encounter: End-stage renal disease"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"birthDate": "1980"}, "birthDate: '1980' is not a whole day"),
        ({"birthDate": None}, "birthDate is missing"),
        ({"birthDate": "1980-02-30"}, "is not a whole day"),
        ({"name": []}, "there is no name"),
        ({"name": [{"family": 7}]}, "name.0.family: input should be a valid string"),
        ({"gender": "F"}, "gender: input should be 'female', 'male', 'other' or 'unknown'"),
        ({"deceasedDateTime": "long ago"}, "deceasedDateTime: 'long ago' is not an instant"),
        ({"deceasedDateTime": "0001-01-01T00:00:00+14:00"}, "is not an instant"),
        ({"deceasedBoolean": "perhaps"}, "deceasedBoolean: input should be a valid boolean"),
    ],
)
async def test_what_is_wrong_with_a_patient_is_said(tmp_path: Path, more: dict[str, object], problem: str):
    write(tmp_path, "Patient.ndjson", patient(**more))
    outcome = await load(tmp_path)
    assert len(outcome.said) == 1
    assert problem in outcome.said[0]
    assert outcome.shelf.taken == {}


@pytest.mark.parametrize(
    "reference",
    [
        "Practitioner/d1",
        "https://example.org/fhir/Practitioner/d1/_history/2",
        "urn:uuid:d1",
        f"Practitioner?identifier={NPI}|111",
        "Practitioner?identifier=http%3A%2F%2Fhl7.org%2Ffhir%2Fsid%2Fus-npi%7C111",
        "Practitioner?active=true&identifier=111",
    ],
)
async def test_a_reference_means_the_same_however_it_is_written(tmp_path: Path, reference: str):
    write_whole(tmp_path)
    write(tmp_path, "Encounter.ndjson", encounter(participant=[{"individual": {"reference": reference}}]))
    outcome = await load(tmp_path)
    assert outcome.said == []
    assert outcome.shelf["Encounter/e1"].doctor_id == "id of fhir:Practitioner/d1"
