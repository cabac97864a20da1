"""The rows that doctors owns."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

from subgraphs.kernel.columns import ExactText, Instant, Money, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class DoctorsTable(SQLModel, registry=_registry):
    pass


class DepartmentRow(DoctorsTable, table=True):
    """`import_key` names the thing in the system it was imported from; two departments may bear one name."""

    __tablename__ = "departments"
    __table_args__ = (UniqueConstraint("import_key"),)

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    name: str = Field(sa_type=PlainText(200))
    sort_name: str = Field(sa_type=ExactText(200), index=True)
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    created_at: datetime = Field(sa_type=Instant)


class DoctorRow(DoctorsTable, table=True):
    """`sort_name` and `specialty_key` are the normalised texts: what is ordered by and compared.

    A row that was read has its `department`; one that was just made has not, and `department_name` neither.
    """

    __tablename__ = "doctors"
    __table_args__ = (
        UniqueConstraint("import_key"),
        Index("ix_doctors_by_name", "sort_name", "id"),
        Index("ix_doctors_by_department", "department_id", "sort_name", "id"),
        Index("ix_doctors_by_specialty", "specialty_key", "sort_name", "id"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    name: str = Field(sa_type=PlainText(200))
    sort_name: str = Field(sa_type=ExactText(200))
    email: str = Field(sa_type=ExactText(254))
    specialty: str = Field(sa_type=PlainText(200))
    specialty_key: str = Field(sa_type=ExactText(200))
    department_id: str = Field(sa_type=ExactText(36), foreign_key="departments.id")
    consultation_fee: Decimal = Field(sa_type=Money)
    time_zone: str = Field(sa_type=ExactText(64))
    slot_minutes: int
    active: bool
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)

    department: DepartmentRow = Relationship(
        sa_relationship_kwargs={"lazy": "joined", "innerjoin": True, "viewonly": True}
    )

    @property
    def department_name(self) -> str:
        return self.department.name


class DoctorWordRow(DoctorsTable, table=True):
    """One word of a doctor's name, as search finds it by prefix."""

    __tablename__ = "doctor_words"
    __table_args__ = (PrimaryKeyConstraint("word", "doctor_id"),)

    word: str = Field(sa_type=ExactText(40))
    doctor_id: str = Field(sa_type=ExactText(36), foreign_key="doctors.id", index=True)


class HoursRow(DoctorsTable, table=True):
    """Weekly hours in wall time of the doctor's zone: weekday 0 is Monday; minutes of the day, 1440 is its end."""

    __tablename__ = "doctor_hours"
    __table_args__ = (PrimaryKeyConstraint("doctor_id", "weekday", "start_minute"),)

    doctor_id: str = Field(sa_type=ExactText(36), foreign_key="doctors.id")
    weekday: int
    start_minute: int
    end_minute: int


class LeaveRow(DoctorsTable, table=True):
    """The doctor is away from `starts_at` until just before `ends_at`."""

    __tablename__ = "doctor_leave"
    __table_args__ = (
        Index("ix_doctor_leave_by_start", "doctor_id", "starts_at"),
        Index("ix_doctor_leave_by_end", "doctor_id", "ends_at"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    doctor_id: str = Field(sa_type=ExactText(36), foreign_key="doctors.id")
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    reason: str | None = Field(default=None, sa_type=PlainText(500))
    created_at: datetime = Field(sa_type=Instant)
