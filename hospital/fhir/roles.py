"""PractitionerRoles, kept until their practitioner comes by: specialty, department and contact stand in them."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from hospital.fhir.elements import CodeableConcept, ContactPoint, Reference, Resource
from hospital.fhir.references import names_meant


class PractitionerRole(Resource):
    resource_type: Literal["PractitionerRole"] = Field(alias="resourceType")
    active: bool = True
    practitioner: Reference
    organization: Reference | None = None
    code: list[CodeableConcept] = []
    specialty: list[CodeableConcept] = []
    telecom: list[ContactPoint] = []

    def words(self) -> str | None:
        """The specialty, else what the role is called."""
        return next((words for concept in (*self.specialty, *self.code) if (words := concept.words())), None)


@dataclass(frozen=True, slots=True)
class Role:
    """What a practitioner does and where; `place` is the line it came from, `id` the role's own."""

    place: str
    id: str
    department_id: str | None
    specialty: str | None
    email: str | None


class Roles:
    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # an unnamed file, not memory
        self._database.execute(
            "CREATE TABLE roles (practitioner TEXT, active INTEGER, place TEXT, id TEXT, department_id TEXT,"
            " specialty TEXT, email TEXT, claimed INTEGER DEFAULT 0)"
        )
        self._database.execute("CREATE INDEX by_practitioner ON roles (practitioner)")

    def add(self, role: Role, resource: PractitionerRole) -> None:
        """Raises Unreadable where the role names no practitioner."""
        practitioner = names_meant("Practitioner", resource.practitioner, "practitioner")[0]
        values = (practitioner, resource.active, role.place, role.id, role.department_id, role.specialty, role.email)
        self._database.execute("INSERT INTO roles VALUES (?, ?, ?, ?, ?, ?, ?, 0)", values)

    def of(self, names: list[str]) -> list[Role]:
        """The roles of the practitioner who bears these names: active ones first, then as they came."""
        marks = ", ".join("?" * len(names))
        found = self._database.execute(
            "SELECT rowid, place, id, department_id, specialty, email FROM roles"  # noqa: S608  # marks alone
            f" WHERE practitioner IN ({marks}) ORDER BY active DESC, rowid",
            names,
        ).fetchall()
        self._database.executemany("UPDATE roles SET claimed = 1 WHERE rowid = ?", [row[:1] for row in found])
        return [Role(*row[1:]) for row in found]

    def unclaimed(self) -> Iterator[tuple[str, str]]:
        """The places of roles whose practitioner never came, and whom they name."""
        yield from self._database.execute("SELECT place, practitioner FROM roles WHERE claimed = 0 ORDER BY rowid")

    def close(self) -> None:
        self._database.close()
