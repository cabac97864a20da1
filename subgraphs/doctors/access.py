"""Doctors' rows of who may see and do what."""

from subgraphs.kernel.access import EVERYBODY, Deed, Seat, Thing, seat_towards
from subgraphs.kernel.principal import Principal, RoleName

DOCTORS = Thing(
    name="departments, doctors, hours, open slots",
    fields=("Query.departments", "Query.doctor", "Query.doctors", "Department.*", "Doctor.*", "Availability.*"),
    seen_by=EVERYBODY,
)
LEAVE_TIMES = Thing(
    name="a doctor's leave: its times", fields=("Leave.id", "Leave.from", "Leave.to"), seen_by=EVERYBODY
)
LEAVE_REASON = Thing(
    name="a doctor's leave: its reason",
    fields=("Leave.reason",),
    seen_by=frozenset({Seat.TREATING, Seat.RECEPTIONIST, Seat.ADMIN}),
)

_ADMIN = frozenset({RoleName.ADMIN})
DEPARTMENTS = Deed("departments, staff accounts, templates", ("createDepartment",), _ADMIN)
REGISTER = Deed("register doctors", ("registerDoctor",), _ADMIN)
DATA = Deed("a doctor's data and fee", ("updateDoctor",), _ADMIN)
HOURS = Deed("hours and leave", ("setAvailability", "addLeave", "removeLeave"), _ADMIN | {RoleName.DOCTOR})
DEACTIVATE = Deed("deactivate a doctor", ("deactivateDoctor",), _ADMIN)

THINGS = (DOCTORS, LEAVE_TIMES, LEAVE_REASON)
DEEDS = (DEPARTMENTS, REGISTER, DATA, HOURS, DEACTIVATE)


def may_see_leave_reason(principal: Principal | None, doctor_id: str) -> bool:
    """The doctor's own leave stands where a patient's things have the doctor who treats."""
    own = principal is not None and principal.doctor_id == doctor_id
    return LEAVE_REASON.may_see(seat_towards(principal, None, treating=own))


def may_change_hours(principal: Principal | None, doctor_id: str) -> bool:
    """Of those whose role may at all (HOURS): a doctor only their own."""
    return principal is not None and (principal.role is RoleName.ADMIN or principal.doctor_id == doctor_id)
