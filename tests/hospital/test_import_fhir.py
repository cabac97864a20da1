"""`hospital import-fhir` against real domains: into a closed hospital, and through one that is open."""

import json
import os
import re
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.hospital.fhir.exports import encounter, patient, write, write_whole
from tests.hospital.processes import Command, Running

SYNTHEA = Path(os.environ.get("HOSPITAL_TEST_SYNTHEA") or Path(__file__).parents[3] / "shared" / "synthea-10")
NOT_COUNTED_AS_NEW = {"PractitionerRole", "Condition", "MedicationRequest"}
"""Become a part of something else."""


def lines_of(kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SYNTHEA / f"{kind}.ndjson").read_text().splitlines()]


def numbers() -> dict[str, int]:
    """What the export holds, counted here; a record for each visit with a condition or a medicine."""
    kinds = ("Organization", "PractitionerRole", "Practitioner", "Patient", "Encounter")
    found = {kind: len(lines_of(kind)) for kind in (*kinds, "AllergyIntolerance", "Condition", "MedicationRequest")}
    visits = {line["encounter"]["reference"] for kind in ("Condition", "MedicationRequest") for line in lines_of(kind)}
    return found | {"MedicalRecord": len(visits)}


def counts(out: str) -> dict[str, list[int]]:
    """The numbers of each row of the table: lines, new here, here before (not for roles), not taken."""
    rows = re.findall(r"^(\w+)(?: \(\w+\))? +([\d, ]+)$", out, re.MULTILINE)
    return {kind: [int(number.replace(",", "")) for number in numbers.split()] for kind, numbers in rows}


@pytest.mark.skipif(not SYNTHEA.is_dir(), reason=f"no export at {SYNTHEA}: HOSPITAL_TEST_SYNTHEA names one")
def test_a_real_export_loads_whole_and_only_once(tmp_path: Path, command: Command):
    arguments = ("import-fhir", str(SYNTHEA), "--data", str(tmp_path / "data"))
    status, out, error = command(*arguments)
    assert (status, [line for line in error.splitlines() if "ndjson" in line]) == (0, [])
    wanted = numbers()
    assert {kind: row[0] for kind, row in counts(out).items()} == wanted
    assert {kind: row[1:] for kind, row in counts(out).items() if kind not in NOT_COUNTED_AS_NEW} == {
        kind: [number, 0, 0] for kind, number in wanted.items() if kind not in NOT_COUNTED_AS_NEW
    }
    assert "passed over" not in out
    kept = what_is_kept(tmp_path / "data")
    status, out, _ = command(*arguments)
    assert (status, counts(out)["MedicalRecord"]) == (0, [wanted["MedicalRecord"], 0, wanted["MedicalRecord"], 0])
    assert what_is_kept(tmp_path / "data") == kept
    assert kept["items"] == {"diagnoses": wanted["Condition"], "medicines": wanted["MedicationRequest"]}
    assert kept["of a patient"] == of_each_patient()
    assert kept["events"] == {
        "medical_record.created": wanted["MedicalRecord"],
        "allergy.recorded": wanted["AllergyIntolerance"],
    }


def of_each_patient() -> list[tuple[int, int]]:
    """How many records and allergies each patient has, by the files alone."""
    visits, allergies = (
        defaultdict(set),
        Counter(line["patient"]["reference"] for line in lines_of("AllergyIntolerance")),
    )
    for kind in ("Condition", "MedicationRequest"):
        for line in lines_of(kind):
            visits[line["subject"]["reference"]].add(line["encounter"]["reference"])
    return sorted((len(visits[patient]), allergies[patient]) for patient in visits.keys() | allergies.keys())


def what_is_kept(folder: Path) -> dict[str, Any]:
    """By what stands in the databases: items of all records, records and allergies of each patient, the trail."""
    with closing(sqlite3.connect(folder / "records.db")) as records:
        rows = records.execute("SELECT patient_id, diagnoses, medicines FROM medical_records").fetchall()
        allergies = Counter(row[0] for row in records.execute("SELECT patient_id FROM allergies"))
    with closing(sqlite3.connect(folder / "audit.db")) as audit:
        of_records = "type LIKE 'medical_record.%' OR type LIKE 'allergy.%'"
        events = audit.execute(f"SELECT type, count(*) FROM audit_events WHERE {of_records} GROUP BY type")  # noqa: S608
        trail = dict(events.fetchall())
    of_patient = Counter(row[0] for row in rows)
    return {
        "items": {
            name: sum(len(json.loads(row[place])) for row in rows)
            for place, name in ((1, "diagnoses"), (2, "medicines"))
        },
        "of a patient": sorted((of_patient[id], allergies[id]) for id in of_patient.keys() | allergies.keys()),
        "events": trail,
    }


def test_it_goes_through_the_open_hospital_and_is_served_at_once(
    tmp_path: Path, running: Running, shared_folder: Path, command: Command
):
    write_whole(tmp_path)
    write(tmp_path, "Patient.ndjson", patient(gender="female"), {"resourceType": "Patient", "id": "bad"})
    write(tmp_path, "Encounter.ndjson", encounter(), encounter("e2", subject={"reference": "Patient/bad"}))
    status, out, error = command("import-fhir", str(tmp_path), "--data", str(shared_folder))
    assert status == 1
    assert "Patient.ndjson:2: birthDate is missing" in error
    assert "Encounter.ndjson:2: subject: no Patient/bad was taken" in error
    assert counts(out)["Encounter"] == [2, 1, 0, 1]
    command(
        "create-admin", "--email", "a@example.com", "--password", "a long pass phrase", "--data", str(shared_folder)
    )
    found = running.ask(
        """{ patients(search: "meera") { nodes { name sex appointments { nodes {
          status slot notes history { from to } doctor { name department { name } } } } } } }""",
        running.sign_in("a@example.com", "a long pass phrase"),
    )
    assert found["patients"]["nodes"] == [
        {
            "name": "Meera Nair",
            "sex": "FEMALE",
            "appointments": {
                "nodes": [
                    {
                        "status": "COMPLETED",
                        "slot": "2020-05-31T07:30:00Z",
                        "notes": None,
                        "history": [{"from": None, "to": "COMPLETED"}],
                        "doctor": {"name": "Dr. Kavya Rao", "department": {"name": "MERIDIAN CLINIC"}},
                    }
                ]
            },
        }
    ]


def test_it_can_be_stopped_and_run_again(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch):
    """Stopped as by Ctrl-C, after the patients."""
    export, data = tmp_path / "export", tmp_path / "data"
    export.mkdir()
    write_whole(export)

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("hospital.fhir.kinds.encounter.load", interrupt)
        status, out, error = command("import-fhir", str(export), "--data", str(data))
    assert (status, "Stopped. Run it again to go on" in error) == (130, True)
    assert counts(out)["Patient"] == [1, 1, 0, 0]
    status, out, _ = command("import-fhir", str(export), "--data", str(data))
    assert (status, counts(out)["Patient"], counts(out)["Encounter"]) == (0, [1, 0, 1, 0], [1, 1, 0, 0])


def test_what_is_no_export_is_said_in_one_line(tmp_path: Path, command: Command):
    status, out, error = command("import-fhir", str(tmp_path / "nothing"), "--data", str(tmp_path / "data"))
    assert (status, out, error) == (1, "", f"There is no file or folder {tmp_path / 'nothing'}.\n")
