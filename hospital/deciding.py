"""Which domains decide by what others announce, and so hear of it before the answer."""

from subgraphs.appointments.events import EVENTS as APPOINTMENTS_EVENTS
from subgraphs.appointments.events import AppointmentBooked
from subgraphs.doctors.events import EVENTS as DOCTORS_EVENTS
from subgraphs.doctors.events import DepartmentCreated
from subgraphs.kernel.events import Event
from subgraphs.patients.events import EVENTS as PATIENTS_EVENTS
from subgraphs.records.events import GlassBroken

HANDED_OVER_AT_MOST = 5
"""A transaction of more events (an import) leaves them to the consumers, which take many at a time."""

DECIDERS = {
    "patients": ("accounts", "appointments", "records", "billing"),
    "doctors": ("accounts", "appointments"),
    "appointments": ("patients", "records", "billing"),
    "records": ("patients", "appointments"),
}
"""By who announces; each keeps its copies by the consumer `<domain>.copies`."""

_DECIDED_BY: dict[str, tuple[type[Event], ...]] = {
    "patients": PATIENTS_EVENTS,
    "doctors": tuple(event for event in DOCTORS_EVENTS if event is not DepartmentCreated),
    "appointments": APPOINTMENTS_EVENTS,
    "records": (GlassBroken,),
}
_ASKED_FOR: dict[type[Event], tuple[str, ...]] = {AppointmentBooked: ("billing", "records")}
"""Who refuses nothing by an event without asking first for what is on its way (`Arrivals`), and need not hear of it."""


def types_decided_by(owner: str) -> list[str]:
    """The types of the owner's events that others decide by."""
    return [event.type for event in _DECIDED_BY.get(owner, ())]


def hearers(owner: str) -> dict[str, list[str]]:
    """By type of the owner's events, the domains that hear of one before the answer."""
    return {
        event.type: [decider for decider in DECIDERS[owner] if decider not in _ASKED_FOR.get(event, ())]
        for event in _DECIDED_BY.get(owner, ())
    }
