"""The words in which each domain writes its rows of who may see and do what.

A seat is where somebody sits towards one patient's (or one doctor's) thing. A `Thing` names the seats that see it, a
`Deed` the roles that may do it at all; whose patient or appointment it must be is the use case's own rule.
"""

from dataclasses import dataclass
from enum import StrEnum

from subgraphs.kernel.errors import Forbidden, Unauthenticated
from subgraphs.kernel.principal import Principal, RoleName


class Seat(StrEnum):
    ANONYMOUS = "anonymous"
    OWN = "patient: own"
    OTHER_PATIENT = "patient: another's"
    TREATING = "doctor treating"
    OTHER_DOCTOR = "another doctor"
    RECEPTIONIST = "RECEPTIONIST"
    BILLING_CLERK = "BILLING_CLERK"
    AUDITOR = "AUDITOR"
    ADMIN = "ADMIN"


@dataclass(frozen=True)
class Thing:
    """One row of what may be seen: `fields` are GraphQL coordinates such as `Patient.name` or `Query.patient`.

    `opened_to`: the roles that see one patient's when they have broken the glass, though their seat does not.
    """

    name: str
    fields: tuple[str, ...]
    seen_by: frozenset[Seat]
    opened_to: frozenset[RoleName] = frozenset()

    def may_see(self, seat: Seat) -> bool:
        return seat in self.seen_by

    def require(self, principal: Principal | None) -> None:
        """For root fields: raises Unauthenticated or Forbidden where nobody of that role ever sees such a thing."""
        seats = {Seat.ANONYMOUS} if principal is None else _SEATS[principal.role]
        if seats & self.seen_by or (principal is not None and principal.role in self.opened_to):
            return
        signed_in(principal)
        raise Forbidden()


@dataclass(frozen=True)
class Deed:
    """One row of what may be done: `mutations` are names of mutation fields; None in `done_by` is anybody."""

    name: str
    mutations: tuple[str, ...]
    done_by: frozenset[RoleName | None]

    def require(self, principal: Principal | None) -> None:
        """Raises Unauthenticated without a token and Forbidden for a role that never may."""
        if None in self.done_by:
            return
        signed_in(principal)
        if principal is not None and principal.role not in self.done_by:
            raise Forbidden()


def signed_in(principal: Principal | None) -> Principal:
    """The principal, or Unauthenticated."""
    if principal is None:
        raise Unauthenticated()
    return principal


def seat_towards(principal: Principal | None, patient_id: str | None, *, treating: bool = False) -> Seat:
    """Where the principal sits towards that patient; `treating`: this doctor treats them, or broke the glass."""
    if principal is None:
        return Seat.ANONYMOUS
    match principal.role:
        case RoleName.PATIENT:
            return Seat.OWN if patient_id is not None and principal.patient_id == patient_id else Seat.OTHER_PATIENT
        case RoleName.DOCTOR:
            return Seat.TREATING if treating else Seat.OTHER_DOCTOR
        case staff:
            return Seat(staff.value)


_SEATS: dict[RoleName, set[Seat]] = {
    RoleName.PATIENT: {Seat.OWN, Seat.OTHER_PATIENT},
    RoleName.DOCTOR: {Seat.TREATING, Seat.OTHER_DOCTOR},
    **{role: {Seat(role.value)} for role in RoleName if role not in {RoleName.PATIENT, RoleName.DOCTOR}},
}

EVERYBODY = frozenset(Seat)
EVERY_ROLE: frozenset[RoleName | None] = frozenset(RoleName)
ANYBODY: frozenset[RoleName | None] = frozenset({None})
