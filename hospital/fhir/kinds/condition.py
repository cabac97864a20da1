"""Conditions are diagnoses of the record of their visit."""

from typing import Literal

from pydantic import Field

from hospital.fhir.elements import Annotation, CodeableConcept, Reference, Resource, Unreadable
from hospital.fhir.export import Line
from hospital.fhir.intake import Intake, read_line
from subgraphs.kernel.errors import Refused
from subgraphs.records import rules
from subgraphs.records.codes import Codes
from subgraphs.records.rules import CodeSystem, Diagnosis

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


async def load(intake: Intake) -> None:
    codes = Codes()

    def keep(line: Line) -> None:
        condition = read_line(Condition, line)
        patient_id = intake.index.find("Patient", condition.subject, "subject")
        found = diagnosis(condition, codes)
        intake.visits.add_diagnosis(intake.visit_of(condition.encounter), patient_id, found)

    for line in intake.lines("Condition"):
        intake.try_line("Condition", line, keep)


def diagnosis(condition: Condition, codes: rules.CodeList) -> Diagnosis:
    if (status := condition.verification_status.code()) in _UNTRUE:
        raise Unreadable(f"verificationStatus: {status} conditions are not taken")
    given = _coded(condition.code, next((note.text for note in condition.note if note.text), None))
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
