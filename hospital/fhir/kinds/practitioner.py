"""Practitioners are doctors here; what they do, and in which department, stands in their roles."""

from collections.abc import Sequence
from contextlib import closing
from typing import Literal

from pydantic import BaseModel, Field

from hospital.fhir.elements import CodeableConcept, ContactPoint, HumanName, Resource
from hospital.fhir.export import Line
from hospital.fhir.intake import Intake, Origin, Taken, read_line
from hospital.fhir.people import email, full_name
from hospital.fhir.references import by_id, names_of
from hospital.fhir.roles import PractitionerRole, Role, Roles
from subgraphs.doctors.service.importing import ImportedDepartment, ImportedDoctor
from subgraphs.kernel.importing import Imported

HERE_AS = {"PractitionerRole": "", "Practitioner": "doctors"}
NOT_STATED = "Not stated"


class Qualification(BaseModel):
    code: CodeableConcept


class Practitioner(Resource):
    resource_type: Literal["Practitioner"] = Field(alias="resourceType")
    active: bool = True
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    qualification: list[Qualification] = []


async def load(intake: Intake) -> None:
    with closing(Roles()) as roles:
        await _Doctors(intake, roles).load()


class _Doctors:
    def __init__(self, intake: Intake, roles: Roles) -> None:
        self._intake, self._roles = intake, roles
        self._unassigned_id: str | None = None

    async def load(self) -> None:
        for line in self._intake.lines("PractitionerRole"):
            self._intake.try_line("PractitionerRole", line, self._keep_role)
        taking = self._intake.take("Practitioner", Practitioner, ImportedDoctor, self._doctor)
        async for batch, outcome in taking:
            self._name_roles_and_departments(batch, outcome)
        for place, practitioner in self._roles.unclaimed():
            reason = f"practitioner: there is no {practitioner} in the export"
            self._intake.report.refuse("PractitionerRole", place, reason)

    def _keep_role(self, line: Line) -> None:
        role = read_line(PractitionerRole, line)
        at = role.organization
        department_id = self._intake.index.find("Organization", at, "organization") if at else None
        self._roles.add(Role(line.place, role.id, department_id, role.words(), email(role.telecom)), role)

    async def _doctor(self, practitioner: Practitioner) -> ImportedDoctor:
        roles = self._roles.of(list(names_of("Practitioner", practitioner)))
        placed = next((role.department_id for role in roles if role.department_id), None)
        return doctor(practitioner, roles, placed or await self._unassigned(), self._intake.origin)

    async def _unassigned(self) -> str:
        """The department of practitioners whom no role puts into an organisation."""
        if self._unassigned_id is None:
            department = ImportedDepartment(self._intake.origin.key("Organization", ""), "Not assigned")
            outcome = await self._intake.imports.take(ImportedDepartment, [department])
            self._unassigned_id = outcome.ids[department.import_key]
        return self._unassigned_id

    def _name_roles_and_departments(
        self, batch: Sequence[Taken[Practitioner, ImportedDoctor]], outcome: Imported
    ) -> None:
        """A reference to a role means the doctor whose role it is."""
        for item in batch:
            id = outcome.ids.get(item.given.import_key)
            if id is not None:
                self._intake.index.add_name(by_id("Department", id), item.given.department_id or "")
                for role in self._roles.of(list(names_of("Practitioner", item.resource))):
                    self._intake.index.add_name(by_id("PractitionerRole", role.id), id)


def doctor(practitioner: Practitioner, roles: list[Role], department_id: str, origin: Origin) -> ImportedDoctor:
    """`department_id` is that of the first role that has one. Who has no e-mail gets one that reaches nobody."""
    own = next((words for held in practitioner.qualification if (words := held.code.words())), None)
    addresses = [email(practitioner.telecom), *(role.email for role in roles)]
    return ImportedDoctor(
        import_key=origin.key("Practitioner", practitioner.id),
        name=full_name(practitioner.name),
        email=next(filter(None, addresses), f"{practitioner.id.strip('.')}@practitioner.invalid"),
        specialty=next((role.specialty for role in roles if role.specialty), own) or NOT_STATED,
        department_id=department_id,
    )
