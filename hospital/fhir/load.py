"""Loading an export, kind by kind, whatever the order of its files: departments, doctors, patients, visits.

Memory holds one batch of lines; what a reference may mean lies on disk. Every batch is taken whole by its domain in one
transaction, by import keys, so that a load that was stopped is simply run again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from hospital.fhir.export import TAKEN, ExportFile, Line, ReadBytes, read_lines
from hospital.fhir.people import email
from hospital.fhir.references import Index, by_id, names_of
from hospital.fhir.report import Report
from hospital.fhir.resources import (
    Encounter,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
    Resource,
    Unreadable,
    read,
)
from hospital.fhir.roles import Role, Roles
from hospital.fhir.translate import Translation, practitioner_of, specialty
from subgraphs.appointments.service.importing import ImportedVisit
from subgraphs.doctors.service.importing import ImportedDepartment, ImportedDoctor
from subgraphs.kernel.importing import Imported
from subgraphs.patients.service.importing import ImportedPatient

BATCH = 100

R = TypeVar("R", bound=Resource)
G = TypeVar("G")
OnProgress = Callable[[str, int], None]


class Imports(Protocol):
    """Who takes the batches; `settled` returns when all that was taken is known to every domain."""

    async def import_departments(self, batch: Sequence[ImportedDepartment]) -> Imported: ...
    async def import_doctors(self, batch: Sequence[ImportedDoctor]) -> Imported: ...
    async def import_patients(self, batch: Sequence[ImportedPatient]) -> Imported: ...
    async def import_visits(self, batch: Sequence[ImportedVisit]) -> Imported: ...
    async def settled(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Taken(Generic[R, G]):
    """A resource that could be read, what it is in the hospital's words, and the line it came from."""

    resource: R
    given: G
    place: str


class Load:
    """The files of one export on their way in."""

    def __init__(self, files: Sequence[ExportFile], imports: Imports, translation: Translation, report: Report) -> None:
        self._files = files
        self._imports, self._translation = imports, translation
        self._report = report
        self._read_bytes = ReadBytes()
        self._unassigned_id: str | None = None

    @property
    def total_bytes(self) -> int:
        return sum(file.size_bytes() for file in self._files)

    async def run(self, on_progress: OnProgress) -> None:
        """`on_progress` gets the kind at hand and the bytes read so far, of `total_bytes`."""
        self._on_progress = on_progress
        with ExitStack() as stack:
            self._index = stack.enter_context(closing(Index()))
            self._roles = stack.enter_context(closing(Roles()))
            await self._take_departments()
            await self._take_doctors()
            await self._take_patients()
            await self._take_visits()
        self._pass_over()

    async def _take_departments(self) -> None:
        async def translate(organization: Organization) -> ImportedDepartment:
            return self._translation.department(organization)

        async for batch in self._batches("Organization", Organization, translate):
            self._keep("Organization", batch, await self._imports.import_departments(_given(batch)))

    async def _take_doctors(self) -> None:
        for line in self._lines("PractitionerRole"):
            self._try("PractitionerRole", line, self._take_role)
        async for batch in self._batches("Practitioner", Practitioner, self._doctor):
            outcome = await self._imports.import_doctors(_given(batch))
            self._keep("Practitioner", batch, outcome)
            self._keep_roles_and_departments(batch, outcome)
        for place, practitioner in self._roles.unclaimed():
            self._report.refuse("PractitionerRole", place, f"practitioner: there is no {practitioner} in the export")

    async def _take_patients(self) -> None:
        async def translate(patient: Patient) -> ImportedPatient:
            return self._translation.patient(patient)

        async for batch in self._batches("Patient", Patient, translate):
            self._keep("Patient", batch, await self._imports.import_patients(_given(batch)))

    async def _take_visits(self) -> None:
        await self._imports.settled()
        async for batch in self._batches("Encounter", Encounter, self._visit):
            self._keep("Encounter", batch, await self._imports.import_visits(_given(batch)))

    def _take_role(self, line: Line) -> None:
        role = _read_line(PractitionerRole, line)
        place = self._index.find("Organization", role.organization, "organization") if role.organization else None
        found = Role(line.place, role.id, place, specialty(role), email(role.telecom))
        self._roles.add(found, role)

    async def _doctor(self, practitioner: Practitioner) -> ImportedDoctor:
        roles = self._roles.of(list(names_of("Practitioner", practitioner)))
        placed = next((role.department_id for role in roles if role.department_id), None)
        return self._translation.doctor(practitioner, roles, placed or await self._unassigned())

    async def _unassigned(self) -> str:
        if self._unassigned_id is None:
            department = self._translation.unassigned()
            outcome = await self._imports.import_departments([department])
            self._unassigned_id = outcome.ids[department.import_key]
        return self._unassigned_id

    async def _visit(self, encounter: Encounter) -> ImportedVisit:
        patient_id = self._index.find("Patient", encounter.subject, "subject")
        kind, reference = practitioner_of(encounter)
        doctor_id = self._index.find(kind, reference, "participant")
        return self._translation.visit(encounter, patient_id, doctor_id, self._department(encounter, doctor_id))

    def _department(self, encounter: Encounter, doctor_id: str) -> str:
        """The doctor's own where the organisation of the visit is not said, or was not taken."""
        with suppress(Unreadable):
            if encounter.service_provider:
                return self._index.find("Organization", encounter.service_provider, "serviceProvider")
        return self._index.get(by_id("Department", doctor_id)) or ""

    async def _batches(
        self, kind: str, model: type[R], translate: Callable[[R], Awaitable[G]]
    ) -> AsyncIterator[list[Taken[R, G]]]:
        batch: list[Taken[R, G]] = []
        for line in self._lines(kind):
            try:
                resource = _read_line(model, line)
                batch.append(Taken(resource, await translate(resource), line.place))
            except Unreadable as why:
                self._report.refuse(kind, line.place, str(why))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _lines(self, kind: str) -> Iterator[Line]:
        tally = self._report.of(kind)
        for file in self._files:
            if file.kind == kind:
                self._read_bytes.next_file()
                for line in read_lines(file, self._read_bytes):
                    tally.lines += 1
                    self._on_progress(kind, self._read_bytes.total)
                    yield line

    def _try(self, kind: str, line: Line, take: Callable[[Line], None]) -> None:
        try:
            take(line)
        except Unreadable as why:
            self._report.refuse(kind, line.place, str(why))

    def _keep(self, kind: str, batch: Sequence[Taken[R, G]], outcome: Imported) -> None:
        """Remembers what the resources may be called by, and says which were refused."""
        tally, taken = self._report.of(kind), 0
        for item in batch:
            key = self._translation.key(kind, item.resource.id)
            if (id := outcome.ids.get(key)) is not None:
                self._index.add(kind, item.resource, id)
                taken += 1
            else:
                self._report.refuse(kind, item.place, outcome.refused.get(key, "refused without a reason"))
        tally.made += outcome.made
        tally.known += taken - outcome.made

    def _keep_roles_and_departments(
        self, batch: Sequence[Taken[Practitioner, ImportedDoctor]], outcome: Imported
    ) -> None:
        """A reference to a role means the doctor whose role it is."""
        for item in batch:
            id = outcome.ids.get(item.given.import_key)
            if id is not None:
                self._index.add_name(by_id("Department", id), item.given.department_id or "")
                for role in self._roles.of(list(names_of("Practitioner", item.resource))):
                    self._index.add_name(by_id("PractitionerRole", role.id), id)

    def _pass_over(self) -> None:
        for file in self._files:
            if file.kind not in TAKEN:
                self._read_bytes.next_file()
                kind = file.kind or file.name
                for _ in read_lines(file, self._read_bytes):
                    self._report.passed_over[kind] = self._report.passed_over.get(kind, 0) + 1
                    self._on_progress(kind, self._read_bytes.total)


def _read_line(model: type[R], line: Line) -> R:
    if line.content is None:
        raise Unreadable(line.problem)
    return read(model, line.content)


def _given(batch: Sequence[Taken[R, G]]) -> list[G]:
    return [item.given for item in batch]
