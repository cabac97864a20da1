"""Small exports, written for one test each, and who takes what is in them."""

import gzip
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hospital.fhir.intake import Origin
from hospital.fhir.load import Load, files_of
from hospital.fhir.report import Report
from hospital.operations import IMPORTS
from subgraphs.kernel.importing import Imported
from subgraphs.records.rules import Codes

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Kolkata")
SNOMED, ICD10CM = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
CODES = {"E11.9": "Type 2 diabetes mellitus without complications"}
NPI = "http://hl7.org/fhir/sid/us-npi"


def organization(id: str = "o1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Organization", "id": id, "name": "MERIDIAN CLINIC"} | more


def practitioner(id: str = "d1", npi: str = "111", **more: Any) -> dict[str, Any]:
    known = {"name": [{"family": "Rao", "given": ["Kavya"], "prefix": ["Dr."]}]}
    return {"resourceType": "Practitioner", "id": id, "identifier": [{"system": NPI, "value": npi}]} | known | more


def role(id: str = "r1", **more: Any) -> dict[str, Any]:
    known = {
        "practitioner": {"identifier": {"system": NPI, "value": "111"}},
        "organization": {"reference": "Organization/o1"},
        "specialty": [{"text": "Cardiology"}],
        "telecom": [{"system": "email", "value": "kavya.rao@example.com"}],
    }
    return {"resourceType": "PractitionerRole", "id": id} | known | more


def patient(id: str = "p1", **more: Any) -> dict[str, Any]:
    known = {"name": [{"use": "official", "family": "Nair", "given": ["Meera"]}], "birthDate": "1980-05-31"}
    return {"resourceType": "Patient", "id": id} | known | more


def encounter(id: str = "e1", **more: Any) -> dict[str, Any]:
    known = {
        "status": "finished",
        "subject": {"reference": "Patient/p1"},
        "participant": [{"individual": {"reference": f"Practitioner?identifier={NPI}|111"}}],
        "period": {"start": "2020-05-31T09:30:00+02:00", "end": "2020-05-31T10:00:00+02:00"},
        "serviceProvider": {"reference": "Organization/o1"},
    }
    return {"resourceType": "Encounter", "id": id} | known | more


def condition(id: str = "c1", snomed: str = "44054006", **more: Any) -> dict[str, Any]:
    known = {
        "code": {"coding": [{"system": SNOMED, "code": snomed, "display": "Type 2 diabetes mellitus"}]},
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
    }
    return {"resourceType": "Condition", "id": id} | known | more


def medication_request(id: str = "m1", **more: Any) -> dict[str, Any]:
    known = {
        "status": "stopped",
        "intent": "order",
        "medicationCodeableConcept": {"text": "Metformin 500 MG Oral Tablet"},
        "subject": {"reference": "Patient/p1"},
        "encounter": {"reference": "Encounter/e1"},
    }
    return {"resourceType": "MedicationRequest", "id": id} | known | more


def allergy_intolerance(id: str = "a1", **more: Any) -> dict[str, Any]:
    known = {
        "criticality": "low",
        "code": {"coding": [{"code": "1191", "display": "Aspirin"}]},
        "patient": {"reference": "Patient/p1"},
        "recordedDate": "1996-12-27T04:21:52-05:00",
    }
    return {"resourceType": "AllergyIntolerance", "id": id} | known | more


def without(resource: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name not in names}


def write(folder: Path, name: str, *lines: Mapping[str, Any] | bytes) -> None:
    """A line each: resources as JSON, bytes as they are; compressed where the name ends so."""
    content = b"".join(line + b"\n" if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


def write_whole(folder: Path) -> None:
    """One of each kind."""
    for name, resource in {
        "Encounter": encounter(),
        "Condition": condition(),
        "MedicationRequest": medication_request(),
        "AllergyIntolerance": allergy_intolerance(),
        "Organization": organization(),
        "Patient": patient(),
        "Practitioner": practitioner(),
        "PractitionerRole": role(),
    }.items():
        write(folder, f"{name}.ndjson", resource)


@dataclass
class Shelf:
    """Takes everything by its import key, as the domains do; the id is the key with `id of` before it."""

    taken: dict[str, Any] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)

    async def settled(self) -> None: ...

    async def codes(self, asked: Collection[str]) -> Codes:
        return Codes({code: CODES[code] for code in asked if code in CODES}, {"E11": "E11.9"})

    async def take(self, kind: type, batch: Sequence[Any]) -> Imported:
        assert kind in IMPORTS
        assert {type(given) for given in batch} == {kind}
        self.batches.append(len(batch))
        new = {given.import_key: given for given in batch if given.import_key not in self.taken}
        self.taken |= new
        return Imported({given.import_key: f"id of {given.import_key}" for given in batch}, {}, len(new))

    def __getitem__(self, key: str) -> Any:
        return self.taken[f"fhir:{key}"]


@dataclass
class Outcome:
    shelf: Shelf
    report: Report
    said: list[str]


async def load(folder: Path, shelf: Shelf | None = None, *, system: str = "") -> Outcome:
    said: list[str] = []
    shelf, report = shelf or Shelf(), Report(said.append)
    await Load(files_of(folder), shelf, Origin(NOW, ZONE, system), report).run(lambda kind, read_bytes: None)
    return Outcome(shelf, report, said)
