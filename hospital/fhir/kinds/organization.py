"""Organisations are departments here."""

from typing import Literal

from pydantic import Field

from hospital.fhir.elements import Resource, Text, Unreadable
from hospital.fhir.intake import Intake, Origin
from hospital.fhir.people import one_line
from subgraphs.doctors.service.importing import ImportedDepartment

HERE_AS = {"Organization": "departments"}


class Organization(Resource):
    resource_type: Literal["Organization"] = Field(alias="resourceType")
    name: Text | None = None


async def load(intake: Intake) -> None:
    async def translate(organization: Organization) -> ImportedDepartment:
        return department(organization, intake.origin)

    async for _ in intake.take("Organization", Organization, ImportedDepartment, translate):
        pass


def department(organization: Organization, origin: Origin) -> ImportedDepartment:
    name = one_line([organization.name])
    if not name:
        raise Unreadable("name is missing")
    return ImportedDepartment(origin.key("Organization", organization.id), name)
