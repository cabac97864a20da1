"""Records' rows of who may see and do what."""

from subgraphs.kernel.access import Deed, Seat, Thing, seat_towards
from subgraphs.kernel.principal import Principal, RoleName

BREAKERS = frozenset({RoleName.DOCTOR, RoleName.ADMIN})

_RECORD_FIELDS = (
    *("id", "patient", "doctor", "appointment", "description", "diagnoses", "medicines", "treatedAt"),
    *("revisitingDate", "version", "versions", "createdAt", "updatedAt"),
)
_VERSION_FIELDS = ("version", "description", "diagnoses", "medicines", "recordedAt", "byAccountId", "reason")

RECORD = Thing(
    name="medical record, record ids, versions, allergies",
    fields=(
        *("Query.medicalRecord", "Appointment.medicalRecord"),
        *("Patient.medicalRecordIds", "Patient.medicalRecords", "Patient.allergies"),
        *(f"MedicalRecord.{name}" for name in _RECORD_FIELDS),
        *(f"MedicalRecordVersion.{name}" for name in _VERSION_FIELDS),
        *(f"Diagnosis.{name}" for name in ("system", "code", "display", "note")),
        *(f"Medicine.{name}" for name in ("name", "dosage", "duration")),
        *(f"Allergy.{name}" for name in ("id", "code", "display", "criticality", "recordedAt")),
    ),
    seen_by=frozenset({Seat.OWN, Seat.TREATING}),
    opened_to=BREAKERS,
)

WRITE = Deed("write and amend a record", ("createMedicalRecord", "amendMedicalRecord"), frozenset({RoleName.DOCTOR}))
BREAK = Deed("break the glass", ("breakGlass",), frozenset(BREAKERS))

THINGS = (RECORD,)
DEEDS = (WRITE, BREAK)


def sees_by_seat(principal: Principal | None, patient_id: str, *, treating: bool) -> bool:
    """Whether they see the patient's records without a broken glass."""
    return RECORD.may_see(seat_towards(principal, patient_id, treating=treating))


def doctor_id_of(principal: Principal) -> str | None:
    """Whom they treat as; nobody where they are no doctor, whatever their token says besides."""
    return principal.doctor_id if principal.role is RoleName.DOCTOR else None


def may_break(principal: Principal | None) -> bool:
    return principal is not None and principal.role in BREAKERS
