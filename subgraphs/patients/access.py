"""Patients' rows of who may see and do what."""

from dataclasses import dataclass

from subgraphs.kernel.access import ANYBODY, Deed, Seat, Thing
from subgraphs.kernel.principal import Principal, RoleName

_OWN_FIELDS = (
    *("id", "mrn", "name", "email", "phone", "address", "dob", "sex", "weight", "height"),
    *("deceasedAt", "version", "createdAt", "updatedAt"),
)

PATIENT = Thing(
    name="patient: name, mrn, birth, contact, body",
    fields=("Query.patient", "Query.patients", *(f"Patient.{name}" for name in _OWN_FIELDS)),
    seen_by=frozenset({Seat.OWN, Seat.TREATING, Seat.RECEPTIONIST, Seat.BILLING_CLERK, Seat.ADMIN}),
)

SIGN_UP = Deed("sign up, sign in", ("registerPatient",), ANYBODY)

REGISTER = Deed(
    "register a patient without a password; register doctors",
    ("registerPatient",),
    frozenset({RoleName.RECEPTIONIST, RoleName.ADMIN}),
)

UPDATE = Deed(
    "update a patient",
    ("updatePatient",),
    frozenset({RoleName.PATIENT, RoleName.RECEPTIONIST, RoleName.ADMIN}),
)

THINGS = (PATIENT,)
DEEDS = (SIGN_UP, REGISTER, UPDATE)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which patients somebody sees: everybody, the one patient, those whom the one doctor treats; else nobody.

    And those whose glass the account has broken.
    """

    everybody: bool = False
    patient_id: str | None = None
    doctor_id: str | None = None
    breaker_id: str | None = None


def scope_of(principal: Principal | None) -> Scope:
    if principal is None:
        return Scope()
    match principal.role:
        case RoleName.PATIENT:
            return Scope(patient_id=principal.patient_id)
        case RoleName.DOCTOR:
            return Scope(doctor_id=principal.doctor_id, breaker_id=principal.account_id)
        case staff:
            return Scope(everybody=PATIENT.may_see(Seat(staff.value)))


def may_update(principal: Principal | None, patient_id: str) -> bool:
    """Whether that patient is one's to change, where one's role may change patients at all."""
    scope = scope_of(principal)
    return scope.everybody or scope.patient_id == patient_id
