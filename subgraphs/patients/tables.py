"""The rows that patients owns, and its copies of who treats whom and who has broken whose glass."""

from datetime import date, datetime

from sqlalchemy import Double, Index, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import Counter, ExactText, Instant, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class PatientsTable(SQLModel, registry=_registry):
    pass


class PatientRow(PatientsTable, table=True):
    """`weight` in kilograms, `height` in centimetres; `import_key` names the patient where they were imported from."""

    __tablename__ = "patients"
    __table_args__ = (
        UniqueConstraint("mrn"),
        UniqueConstraint("import_key"),
        Index("ix_patients_sort_name", "sort_name", "id"),
        Index("ix_patients_phone_digits", "phone_digits"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    mrn: str = Field(sa_type=ExactText(24))
    name: str = Field(sa_type=PlainText(200))
    sort_name: str = Field(sa_type=ExactText(200))
    dob: date
    sex: str | None = Field(default=None, sa_type=ExactText(8))
    email: str | None = Field(default=None, sa_type=PlainText(254))
    phone: str | None = Field(default=None, sa_type=PlainText(64))
    phone_digits: str | None = Field(default=None, sa_type=ExactText(64))
    address: str | None = Field(default=None, sa_type=PlainText(500))
    weight: float | None = Field(default=None, sa_type=Double)
    height: float | None = Field(default=None, sa_type=Double)
    deceased_at: datetime | None = Field(default=None, sa_type=Instant)
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    version: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class NameWordRow(PatientsTable, table=True):
    """One word of a patient's name, as it is searched by its beginning."""

    __tablename__ = "name_words"
    __table_args__ = (Index("ix_name_words_patient_id", "patient_id"),)

    word: str = Field(primary_key=True, sa_type=ExactText(40))
    patient_id: str = Field(primary_key=True, sa_type=ExactText(36))


class CounterRow(PatientsTable, table=True):
    """The last number given out of a series; locked from its increment until the transaction ends."""

    __tablename__ = "counters"

    name: str = Field(primary_key=True, sa_type=ExactText(32))
    value: int = Field(sa_type=Counter)


class TreatingRow(PatientsTable, table=True):
    """What an appointment says, at `version`, of whether its doctor treats its patient."""

    __tablename__ = "treating"
    __table_args__ = (Index("ix_treating_doctor_id", "doctor_id", "treats", "patient_id"),)

    appointment_id: str = Field(primary_key=True, sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    doctor_id: str = Field(sa_type=ExactText(36))
    version: int
    treats: bool


class GlassRow(PatientsTable, table=True):
    """The patient is open to the account until then; `version` is when it was opened, in Unix milliseconds."""

    __tablename__ = "broken_glass"
    __table_args__ = (PrimaryKeyConstraint("account_id", "patient_id"),)

    account_id: str = Field(sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    version: int = Field(sa_type=Counter)
    expires_at: datetime = Field(sa_type=Instant)
