"""Audit's rows of who may see and do what."""

from subgraphs.kernel.access import Seat, Thing

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

THINGS = (EVENTS_OF_A_PATIENT, WHOLE_TRAIL)
DEEDS = ()
