"""Allergies."""

from typing import Literal

from pydantic import Field

from hospital.fhir.elements import CodeableConcept, Reference, Resource, Text, Unreadable
from hospital.fhir.intake import Intake, Origin
from hospital.fhir.moments import earliest
from hospital.fhir.people import one_line
from subgraphs.records.service import ImportedAllergy

HERE_AS = {"AllergyIntolerance": "allergies"}

_UNTRUE = {"entered-in-error", "refuted"}


class AllergyIntolerance(Resource):
    resource_type: Literal["AllergyIntolerance"] = Field(alias="resourceType")
    verification_status: CodeableConcept = Field(default=CodeableConcept(), alias="verificationStatus")
    criticality: Literal["low", "high", "unable-to-assess"] | None = None
    code: CodeableConcept = CodeableConcept()
    patient: Reference
    onset_date_time: Text | None = Field(default=None, alias="onsetDateTime")
    recorded_date: Text | None = Field(default=None, alias="recordedDate")


async def load(intake: Intake) -> None:
    async def translate(allergy: AllergyIntolerance) -> ImportedAllergy:
        patient_id = intake.index.find("Patient", allergy.patient, "patient")
        return imported(allergy, patient_id, intake.origin)

    await intake.imports.settled()  # records knows the patients by then
    async for _ in intake.take("AllergyIntolerance", AllergyIntolerance, ImportedAllergy, translate):
        pass


def imported(allergy: AllergyIntolerance, patient_id: str, origin: Origin) -> ImportedAllergy:
    if (status := allergy.verification_status.code()) in _UNTRUE:
        raise Unreadable(f"verificationStatus: {status} allergies are not taken")
    if not (display := one_line([allergy.code.words()])):
        raise Unreadable("code: it says no word of what the allergy is to")
    recorded = allergy.recorded_date or allergy.onset_date_time
    return ImportedAllergy(
        import_key=origin.key("AllergyIntolerance", allergy.id),
        patient_id=patient_id,
        display=display,
        code=allergy.code.code(),
        criticality=allergy.criticality,
        recorded_at=earliest(recorded, "recordedDate", origin.zone) if recorded else None,
    )
