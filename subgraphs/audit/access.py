"""Audit's rows of who may see and do what."""

from subgraphs.kernel.access import Seat, Thing, seat_towards
from subgraphs.kernel.principal import Principal

EVENTS_OF_A_PATIENT = Thing(
    name="audit events of a patient",
    fields=("Query.auditEvents", "AuditEvent.*"),
    seen_by=frozenset({Seat.OWN, Seat.AUDITOR}),
)
WHOLE_TRAIL = Thing(
    name="the whole audit trail, the chain",
    fields=("Query.auditChain", "AuditChain.*"),
    seen_by=frozenset({Seat.AUDITOR}),
)
PATIENT = Thing(
    name="patient: name, mrn, birth, contact, body",
    fields=("AuditEvent.patient",),
    seen_by=frozenset({Seat.OWN, Seat.TREATING, Seat.RECEPTIONIST, Seat.BILLING_CLERK, Seat.ADMIN}),
)

THINGS = (EVENTS_OF_A_PATIENT, WHOLE_TRAIL, PATIENT)
DEEDS = ()


def shows_patient(principal: Principal | None, patient_id: str) -> bool:
    """Who reads the trail of others knows whose an event is by its `patientId`, and nothing else of them."""
    return PATIENT.may_see(seat_towards(principal, patient_id))
