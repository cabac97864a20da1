"""Patients."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from hospital.fhir.elements import Address, ContactPoint, HumanName, Resource, Text
from hospital.fhir.intake import Intake, Origin
from hospital.fhir.moments import day, earliest, instant, is_coarse
from hospital.fhir.people import address, email, full_name, telephone
from subgraphs.patients.rules import Sex
from subgraphs.patients.service.importing import ImportedPatient

HERE_AS = {"Patient": "patients"}


class Patient(Resource):
    resource_type: Literal["Patient"] = Field(alias="resourceType")
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    address: list[Address] = []
    gender: Literal["female", "male", "other", "unknown"] | None = None
    birth_date: Text | None = Field(default=None, alias="birthDate")
    deceased_boolean: bool = Field(default=False, alias="deceasedBoolean")
    deceased_date_time: Text | None = Field(default=None, alias="deceasedDateTime")


async def load(intake: Intake) -> None:
    async def translate(patient: Patient) -> ImportedPatient:
        return imported(patient, intake.origin)

    async for _ in intake.take("Patient", Patient, ImportedPatient, translate):
        pass


def imported(patient: Patient, origin: Origin) -> ImportedPatient:
    dob = day(patient.birth_date, "birthDate")
    return ImportedPatient(
        import_key=origin.key("Patient", patient.id),
        name=full_name(patient.name),
        dob=dob,
        sex=Sex(patient.gender.upper()) if patient.gender else None,
        email=email(patient.telecom),
        phone=telephone(patient.telecom),
        address=address(patient.address),
        deceased_at=_death(patient, dob, origin),
    )


def _death(patient: Patient, dob: date, origin: Origin) -> datetime | None:
    """Of a year or month: its first moment in that life. Of no date at all: when the record was last true."""
    if patient.deceased_date_time:
        died = earliest(patient.deceased_date_time, "deceasedDateTime", origin.zone)
        born = instant(dob.isoformat(), "birthDate", origin.zone)
        return max(died, born) if is_coarse(patient.deceased_date_time) else died
    if not patient.deceased_boolean:
        return None
    updated = patient.meta.last_updated
    return earliest(updated, "meta.lastUpdated", origin.zone) if updated else origin.now
