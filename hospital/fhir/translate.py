"""FHIR resources in the words of the hospital's domains. Raises Unreadable for what cannot be said in them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hospital.fhir.moments import day, earliest, instant, is_coarse
from hospital.fhir.people import address, email, full_name, one_line, telephone
from hospital.fhir.resources import (
    CodeableConcept,
    Encounter,
    Organization,
    Participant,
    Patient,
    Practitioner,
    PractitionerRole,
    Reference,
    Unreadable,
)
from hospital.fhir.roles import Role
from subgraphs.appointments.service.importing import ImportedVisit
from subgraphs.doctors.service.importing import ImportedDepartment, ImportedDoctor
from subgraphs.patients.rules import Sex
from subgraphs.patients.service.importing import ImportedPatient

NOT_STATED = "Not stated"
VISIT_WITHOUT_AN_END = timedelta(minutes=30)

_LEADING = {"PPRF", "ATND"}


@dataclass(frozen=True, slots=True)
class Translation:
    """`system` parts the ids of one exporting system from another's; `now` and `zone` are the hospital's."""

    now: datetime
    zone: ZoneInfo
    system: str = ""

    def key(self, kind: str, id: str) -> str:
        return ":".join(part for part in ("fhir", self.system, f"{kind}/{id}") if part)

    def department(self, organization: Organization) -> ImportedDepartment:
        name = one_line([organization.name])
        if not name:
            raise Unreadable("name is missing")
        return ImportedDepartment(self.key("Organization", organization.id), name)

    def unassigned(self) -> ImportedDepartment:
        """Of practitioners whom no role puts into an organisation."""
        return ImportedDepartment(self.key("Organization", ""), "Not assigned")

    def doctor(self, practitioner: Practitioner, roles: list[Role], department_id: str) -> ImportedDoctor:
        """`department_id` is that of the first role that has one. Who has no e-mail gets one that reaches nobody."""
        own = next((words for held in practitioner.qualification if (words := held.code.words())), None)
        addresses = [email(practitioner.telecom), *(role.email for role in roles)]
        return ImportedDoctor(
            import_key=self.key("Practitioner", practitioner.id),
            name=full_name(practitioner.name),
            email=next(filter(None, addresses), f"{practitioner.id.strip('.')}@practitioner.invalid"),
            specialty=next((role.specialty for role in roles if role.specialty), own) or NOT_STATED,
            department_id=department_id,
        )

    def patient(self, patient: Patient) -> ImportedPatient:
        dob = day(patient.birth_date, "birthDate")
        return ImportedPatient(
            import_key=self.key("Patient", patient.id),
            name=full_name(patient.name),
            dob=dob,
            sex=Sex(patient.gender.upper()) if patient.gender else None,
            email=email(patient.telecom),
            phone=telephone(patient.telecom),
            address=address(patient.address),
            deceased_at=self._death(patient, dob),
        )

    def visit(self, encounter: Encounter, patient_id: str, doctor_id: str, department_id: str) -> ImportedVisit:
        if encounter.status != "finished":
            raise Unreadable(f"status: {encounter.status[:40]} encounters are not taken, only finished ones")
        if not encounter.period.start:
            raise Unreadable("period.start is missing")
        start = instant(encounter.period.start, "period.start", self.zone)
        end = instant(encounter.period.end, "period.end", self.zone) if encounter.period.end else None
        return ImportedVisit(
            import_key=self.key("Encounter", encounter.id),
            patient_id=patient_id,
            doctor_id=doctor_id,
            department_id=department_id,
            starts_at=start,
            ends_at=end or min(start + VISIT_WITHOUT_AN_END, max(self.now, start)),
            notes=_first_words(encounter.type, encounter.reason_code),
        )

    def _death(self, patient: Patient, dob: date) -> datetime | None:
        """Of a year or month: its first moment in that life. Of no date at all: when the record was last true."""
        if patient.deceased_date_time:
            died = earliest(patient.deceased_date_time, "deceasedDateTime", self.zone)
            born = instant(dob.isoformat(), "birthDate", self.zone)
            return max(died, born) if is_coarse(patient.deceased_date_time) else died
        if not patient.deceased_boolean:
            return None
        updated = patient.meta.last_updated
        return earliest(updated, "meta.lastUpdated", self.zone) if updated else self.now


def specialty(role: PractitionerRole) -> str | None:
    return next((words for concept in (*role.specialty, *role.code) if (words := concept.words())), None)


def practitioner_of(encounter: Encounter) -> tuple[str, Reference]:
    """Who led the encounter, else the first practitioner who took part: as `Practitioner` or `PractitionerRole`."""
    by_lead = sorted(encounter.participant, key=lambda participant: not _leads(participant))
    for participant in by_lead:
        if participant.individual and (kind := _kind(participant.individual)):
            return kind, participant.individual
    raise Unreadable("participant: no practitioner takes part")


def _leads(participant: Participant) -> bool:
    return any(coding.code in _LEADING for role in participant.type for coding in role.coding)


def _kind(reference: Reference) -> str | None:
    """A reference by identifier alone, or by `urn:`, says no kind: a practitioner then."""
    text = reference.reference or ""
    if "PractitionerRole" in text:
        return "PractitionerRole"
    return "Practitioner" if not text or "Practitioner" in text or text.startswith("urn:") else None


def _first_words(*concepts: list[CodeableConcept]) -> str | None:
    words = [next((said for concept in group if (said := concept.words())), None) for group in concepts]
    return one_line(words, ": ") or None
