"""Appointments' rows of who may see and do what."""

from subgraphs.kernel.access import EVERYBODY, Deed, Seat, Thing, seat_towards
from subgraphs.kernel.principal import Principal, RoleName

_ROOTS = (
    *("Query.appointment", "Query.appointments", "Query.appointmentChangesCursor"),
    "Subscription.appointmentStatusChanged",
)
_OWN_FIELDS = ("id", "doctor", "slot", "end", "status", "history", "version", "createdAt", "updatedAt")
_TRANSITION_FIELDS = ("from", "to", "at", "byAccountId", "slot")
_CHANGE_FIELDS = ("cursor", "appointment", "previousStatus", "status", "changedAt")

APPOINTMENT = Thing(
    name="appointment, its history, status changes",
    fields=(
        *_ROOTS,
        *("Patient.appointments", "Doctor.appointments"),
        *(f"Appointment.{name}" for name in _OWN_FIELDS),
        *(f"AppointmentTransition.{name}" for name in _TRANSITION_FIELDS),
        *(f"AppointmentStatusChange.{name}" for name in _CHANGE_FIELDS),
    ),
    seen_by=frozenset({Seat.OWN, Seat.TREATING, Seat.RECEPTIONIST, Seat.BILLING_CLERK, Seat.ADMIN}),
)

NOTES = Thing(
    name="an appointment's notes and reasons",
    fields=("Appointment.notes", "Appointment.reason", "AppointmentTransition.reason"),
    seen_by=frozenset({Seat.OWN, Seat.TREATING, Seat.RECEPTIONIST, Seat.ADMIN}),
)

PATIENT = Thing(
    name="patient: name, mrn, birth, contact, body",
    fields=("Appointment.patient", "Appointment.patientEmail"),
    seen_by=frozenset({Seat.OWN, Seat.TREATING, Seat.RECEPTIONIST, Seat.BILLING_CLERK, Seat.ADMIN}),
)

OPEN_SLOTS = Thing(
    name="departments, doctors, hours, open slots",
    fields=("Doctor.openSlots", "Slot.start", "Slot.end"),
    seen_by=EVERYBODY,
)

_BOOKERS = frozenset({RoleName.PATIENT, RoleName.RECEPTIONIST, RoleName.ADMIN})

BOOK = Deed("book, reschedule, cancel", ("bookAppointment", "rescheduleAppointment"), _BOOKERS)
CANCEL = Deed("book, reschedule, cancel", ("cancelAppointment",), _BOOKERS | {RoleName.DOCTOR})
DECIDE = Deed(
    "accept, reject, complete",
    ("acceptAppointment", "rejectAppointment", "completeAppointment"),
    frozenset({RoleName.DOCTOR}),
)
CHECK_IN = Deed("check in, mark a no-show", ("checkInAppointment",), frozenset({RoleName.RECEPTIONIST}))
NO_SHOW = Deed("check in, mark a no-show", ("markNoShow",), frozenset({RoleName.RECEPTIONIST, RoleName.DOCTOR}))

THINGS = (APPOINTMENT, NOTES, PATIENT, OPEN_SLOTS)
DEEDS = (BOOK, CANCEL, DECIDE, CHECK_IN, NO_SHOW)


def is_doctor_of(principal: Principal | None, doctor_id: str) -> bool:
    """Whether it is the doctor of that id: the doctor of an appointment always sees it, as one who treats does."""
    return principal is not None and principal.role is RoleName.DOCTOR and principal.doctor_id == doctor_id


def sees_whole(thing: Thing, principal: Principal | None) -> bool:
    """Whether the role sees every such thing, whosever it is."""
    return seat_towards(principal, None) in thing.seen_by


def sees_all_of(principal: Principal | None, parent: str, id: str) -> bool:
    """Whether they see every appointment of that patient (`parent` is "patient_id") or doctor ("doctor_id")."""
    if principal is not None and principal.role is RoleName.DOCTOR:
        return parent == "doctor_id" and is_doctor_of(principal, id)
    own_patient_id = id if parent == "patient_id" else None
    return APPOINTMENT.may_see(seat_towards(principal, own_patient_id))


def sees_some(thing: Thing, principal: Principal | None) -> bool:
    """Whether there are such things that the role sees: a list of them is no null, though it may be empty."""
    best = seat_towards(principal, None if principal is None else principal.patient_id, treating=True)
    return thing.may_see(best)


def shows_notes(principal: Principal | None) -> bool:
    """For an appointment that is seen: to whom else than the clerk, its notes and reasons are shown too."""
    return sees_some(NOTES, principal)
