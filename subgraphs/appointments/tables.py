"""The rows that appointments owns, and its copies of doctors, patients and broken glass."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import Counter, ExactText, Instant, LongText, Money, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class AppointmentsTable(SQLModel, registry=_registry):
    pass


class AppointmentRow(AppointmentsTable, table=True):
    """The patient's contact, the department and the fee are as they were at the booking.

    `reason` is that of the last transition; `import_key` names the visit in the system it was imported from.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("import_key"),
        Index("ix_appointments_slot", "slot", "id"),
        Index("ix_appointments_patient_id", "patient_id", "slot", "id"),
        Index("ix_appointments_doctor_id", "doctor_id", "slot", "id"),
        Index("ix_appointments_department_id", "department_id", "slot", "id"),
        Index("ix_appointments_status", "status", "slot", "id"),
        Index("ix_appointments_treating", "doctor_id", "patient_id", "status"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    patient_id: str = Field(sa_type=ExactText(36))
    patient_name: str = Field(sa_type=PlainText(200))
    patient_email: str | None = Field(default=None, sa_type=PlainText(320))
    patient_phone: str | None = Field(default=None, sa_type=PlainText(64))
    doctor_id: str = Field(sa_type=ExactText(36))
    doctor_name: str = Field(sa_type=PlainText(200))
    department_id: str = Field(sa_type=ExactText(36))
    consultation_fee: Decimal = Field(sa_type=Money)
    slot: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    status: str = Field(sa_type=ExactText(16))
    notes: str | None = Field(default=None, sa_type=LongText)
    reason: str | None = Field(default=None, sa_type=LongText)
    version: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class TransitionRow(AppointmentsTable, table=True):
    """What happened to an appointment when it came to `version`; `slot` is the one it had from then on."""

    __tablename__ = "transitions"
    __table_args__ = (PrimaryKeyConstraint("appointment_id", "version"),)

    appointment_id: str = Field(sa_type=ExactText(36))
    version: int
    from_status: str | None = Field(default=None, sa_type=ExactText(16))
    to_status: str = Field(sa_type=ExactText(16))
    at: datetime = Field(sa_type=Instant)
    by_account_id: str | None = Field(default=None, sa_type=ExactText(36))
    reason: str | None = Field(default=None, sa_type=LongText)
    slot: datetime = Field(sa_type=Instant)


class ClaimRow(AppointmentsTable, table=True):
    """Five minutes of somebody's time: `owner` is `d:` or `p:` and an id, `step` the Unix minute // 5.

    The primary key is what decides between two bookings.
    """

    __tablename__ = "claims"
    __table_args__ = (PrimaryKeyConstraint("owner", "step"), Index("ix_claims_step", "step"))

    owner: str = Field(sa_type=ExactText(38))
    step: int
    appointment_id: str = Field(sa_type=ExactText(36))


class ChangeRow(AppointmentsTable, table=True):
    """A status change as the stream tells it; `sequence` has the order of commits and no gaps."""

    __tablename__ = "status_changes"
    __table_args__ = (PrimaryKeyConstraint("sequence"), Index("ix_status_changes_changed_at", "changed_at"))

    sequence: int = Field(sa_type=Counter, sa_column_kwargs={"autoincrement": False})
    appointment_id: str = Field(sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    doctor_id: str = Field(sa_type=ExactText(36))
    department_id: str = Field(sa_type=ExactText(36))
    previous_status: str | None = Field(default=None, sa_type=ExactText(16))
    status: str = Field(sa_type=ExactText(16))
    changed_at: datetime = Field(sa_type=Instant)


class ChangeCounterRow(AppointmentsTable, table=True):
    """The sequence of the last change, and of the last one that is not kept any more. There is one row."""

    __tablename__ = "change_counter"

    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    value: int = Field(sa_type=Counter)
    pruned_through: int = Field(default=0, sa_type=Counter)


class DoctorCopyRow(AppointmentsTable, table=True):
    """A doctor as of `version`; `hours` and `leave` are JSON as the doctors' events have it."""

    __tablename__ = "doctor_copies"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    name: str = Field(sa_type=PlainText(200))
    department_id: str = Field(sa_type=ExactText(36))
    consultation_fee: Decimal = Field(sa_type=Money)
    time_zone: str = Field(sa_type=ExactText(64))
    slot_minutes: int
    active: bool
    hours: str = Field(sa_type=LongText)
    leave: str = Field(sa_type=LongText)


class PatientCopyRow(AppointmentsTable, table=True):
    """A patient as of `version`."""

    __tablename__ = "patient_copies"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    name: str = Field(sa_type=PlainText(200))
    email: str | None = Field(default=None, sa_type=PlainText(320))
    phone: str | None = Field(default=None, sa_type=PlainText(64))
    deceased_at: datetime | None = Field(default=None, sa_type=Instant)


class GlassRow(AppointmentsTable, table=True):
    """The patient is open to the account until then; `version` is when it was opened, in Unix milliseconds."""

    __tablename__ = "broken_glass"
    __table_args__ = (PrimaryKeyConstraint("account_id", "patient_id"),)

    account_id: str = Field(sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    version: int = Field(sa_type=Counter)
    expires_at: datetime = Field(sa_type=Instant)
