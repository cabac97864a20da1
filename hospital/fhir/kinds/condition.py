"""Conditions are diagnoses of the record of their visit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from hospital.fhir.elements import Annotation, CodeableConcept, Reference, Resource, Unreadable
from hospital.fhir.export import Line
from hospital.fhir.intake import BATCH, Intake, read_line
from subgraphs.kernel.errors import Refused
from subgraphs.records import rules
from subgraphs.records.rules import Codes, CodeSystem, Diagnosis

HERE_AS = {"Condition": ""}

_SYSTEMS = {"http://snomed.info/sct": CodeSystem.SNOMED, "http://hl7.org/fhir/sid/icd-10-cm": CodeSystem.ICD10CM}
_UNTRUE = {"entered-in-error", "refuted"}


class Condition(Resource):
    resource_type: Literal["Condition"] = Field(alias="resourceType")
    verification_status: CodeableConcept = Field(default=CodeableConcept(), alias="verificationStatus")
    code: CodeableConcept = CodeableConcept()
    subject: Reference
    encounter: Reference | None = None
    note: list[Annotation] = []


@dataclass(frozen=True, slots=True)
class Found:
    """A diagnosis whose code is still to be looked up."""

    place: str
    diagnosis: Diagnosis
    visit_id: str
    patient_id: str


async def load(intake: Intake) -> None:
    batch: list[Found] = []

    def read(line: Line) -> None:
        condition = read_line(Condition, line)
        patient_id = intake.index.find("Patient", condition.subject, "subject")
        batch.append(Found(line.place, diagnosis(condition), intake.visit_of(condition.encounter), patient_id))

    for line in intake.lines("Condition"):
        intake.try_line("Condition", line, read)
        if len(batch) == BATCH:
            await _keep(intake, batch)
            batch.clear()
    await _keep(intake, batch)


def diagnosis(condition: Condition) -> Diagnosis:
    if (status := condition.verification_status.code()) in _UNTRUE:
        raise Unreadable(f"verificationStatus: {status} conditions are not taken")
    return _coded(condition.code, next((note.text for note in condition.note if note.text), None))


async def _keep(intake: Intake, batch: Sequence[Found]) -> None:
    codes = await intake.imports.codes(rules.icd_codes(found.diagnosis for found in batch))
    for found in batch:
        try:
            kept = _with_words(found.diagnosis, codes)
            intake.visits.add_diagnosis(found.visit_id, found.patient_id, kept)
        except Unreadable as why:
            intake.report.refuse("Condition", found.place, str(why))


def _with_words(given: Diagnosis, codes: Codes) -> Diagnosis:
    try:
        return rules.diagnosis(given, codes=codes)
    except Refused as refused:
        raise Unreadable(f"code: {refused}") from None


def _coded(concept: CodeableConcept, note: str | None) -> Diagnosis:
    """By the first coding of a system that is known."""
    for coding in concept.coding:
        if coding.system in _SYSTEMS and coding.code:
            return Diagnosis(_SYSTEMS[coding.system], coding.code, coding.display or concept.text, note)
    raise Unreadable("code: neither SNOMED nor ICD-10-CM")
