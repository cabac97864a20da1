"""Encounters that are over are past appointments here."""

from contextlib import suppress
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, Field

from hospital.fhir.elements import CodeableConcept, Period, Reference, Resource, Unreadable
from hospital.fhir.intake import Intake, Origin
from hospital.fhir.moments import instant
from hospital.fhir.people import one_line
from hospital.fhir.references import by_id
from hospital.fhir.visits import Visit
from subgraphs.appointments.service.importing import ImportedVisit

HERE_AS = {"Encounter": "appointments"}
VISIT_WITHOUT_AN_END = timedelta(minutes=30)

_LEADING = {"PPRF", "ATND"}


class Participant(BaseModel):
    type: list[CodeableConcept] = []
    individual: Reference | None = None


class Encounter(Resource):
    resource_type: Literal["Encounter"] = Field(alias="resourceType")
    status: str
    type: list[CodeableConcept] = []
    subject: Reference
    participant: list[Participant] = []
    period: Period
    reason_code: list[CodeableConcept] = Field(default=[], alias="reasonCode")
    service_provider: Reference | None = Field(default=None, alias="serviceProvider")


async def load(intake: Intake) -> None:
    async def translate(encounter: Encounter) -> ImportedVisit:
        patient_id = intake.index.find("Patient", encounter.subject, "subject")
        kind, reference = practitioner_of(encounter)
        doctor_id = intake.index.find(kind, reference, "participant")
        return visit(encounter, patient_id, doctor_id, _department(encounter, doctor_id, intake), intake.origin)

    await intake.imports.settled()  # appointments knows the doctors and patients by then
    async for batch, outcome in intake.take("Encounter", Encounter, ImportedVisit, translate):
        for item in batch:
            if (id := outcome.ids.get(item.given.import_key)) is not None:
                given = item.given
                intake.visits.add(Visit(id, item.resource.id, given.patient_id, given.starts_at, given.notes))


def visit(encounter: Encounter, patient_id: str, doctor_id: str, department_id: str, origin: Origin) -> ImportedVisit:
    if encounter.status != "finished":
        raise Unreadable(f"status: {encounter.status[:40]} encounters are not taken, only finished ones")
    if not encounter.period.start:
        raise Unreadable("period.start is missing")
    start = instant(encounter.period.start, "period.start", origin.zone)
    end = instant(encounter.period.end, "period.end", origin.zone) if encounter.period.end else None
    return ImportedVisit(
        import_key=origin.key("Encounter", encounter.id),
        patient_id=patient_id,
        doctor_id=doctor_id,
        department_id=department_id,
        starts_at=start,
        ends_at=end or min(start + VISIT_WITHOUT_AN_END, max(origin.now, start)),
        notes=_first_words(encounter.type, encounter.reason_code),
    )


def practitioner_of(encounter: Encounter) -> tuple[str, Reference]:
    """Who led the encounter, else the first practitioner who took part: as `Practitioner` or `PractitionerRole`."""
    by_lead = sorted(encounter.participant, key=lambda participant: not _leads(participant))
    for participant in by_lead:
        if participant.individual and (kind := _kind(participant.individual)):
            return kind, participant.individual
    raise Unreadable("participant: no practitioner takes part")


def _department(encounter: Encounter, doctor_id: str, intake: Intake) -> str:
    """The doctor's own where the organisation of the visit is not said, or was not taken."""
    with suppress(Unreadable):
        if encounter.service_provider:
            return intake.index.find("Organization", encounter.service_provider, "serviceProvider")
    return intake.index.get(by_id("Department", doctor_id)) or ""


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
