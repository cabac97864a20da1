"""The rows that records owns, its copies of patients and of who treats whom, and the list of codes."""

from datetime import date, datetime

from sqlalchemy import Index, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import Counter, ExactText, Instant, LongText, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class RecordsTable(SQLModel, registry=_registry):
    pass


class MedicalRecordRow(RecordsTable, table=True):
    """A record as it now is; what it says stands in its versions too. `diagnoses` and `medicines` are JSON.

    `doctor_id` is who wrote it; `import_key` names the visit in the system it was imported from.
    """

    __tablename__ = "medical_records"
    __table_args__ = (
        UniqueConstraint("appointment_id"),
        UniqueConstraint("import_key"),
        Index("ix_medical_records_patient_id", "patient_id", "treated_at", "id"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    import_key: str | None = Field(default=None, sa_type=ExactText(200))
    patient_id: str = Field(sa_type=ExactText(36))
    doctor_id: str = Field(sa_type=ExactText(36))
    appointment_id: str | None = Field(default=None, sa_type=ExactText(36))
    description: str = Field(sa_type=LongText)
    diagnoses: str = Field(sa_type=LongText)
    medicines: str = Field(sa_type=LongText)
    treated_at: datetime = Field(sa_type=Instant)
    revisiting_date: date | None = None
    version: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class VersionRow(RecordsTable, table=True):
    """What a record said from `recorded_at` on; never changed. `reason` is that of an amendment."""

    __tablename__ = "medical_record_versions"
    __table_args__ = (PrimaryKeyConstraint("record_id", "version"),)

    record_id: str = Field(sa_type=ExactText(36))
    version: int
    description: str = Field(sa_type=LongText)
    diagnoses: str = Field(sa_type=LongText)
    medicines: str = Field(sa_type=LongText)
    revisiting_date: date | None = None
    recorded_at: datetime = Field(sa_type=Instant)
    by_account_id: str | None = Field(default=None, sa_type=ExactText(36))
    reason: str | None = Field(default=None, sa_type=LongText)


class AllergyRow(RecordsTable, table=True):
    """`import_key` names the allergy in the system it was imported from."""

    __tablename__ = "allergies"
    __table_args__ = (UniqueConstraint("import_key"), Index("ix_allergies_patient_id", "patient_id"))

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    import_key: str = Field(sa_type=ExactText(200))
    patient_id: str = Field(sa_type=ExactText(36))
    code: str | None = Field(default=None, sa_type=PlainText(64))
    display: str = Field(sa_type=PlainText(500))
    criticality: str | None = Field(default=None, sa_type=PlainText(32))
    recorded_at: datetime | None = Field(default=None, sa_type=Instant)


class GlassRow(RecordsTable, table=True):
    """The last time that an account broke the glass of a patient; `version` is when, in Unix milliseconds."""

    __tablename__ = "broken_glass"
    __table_args__ = (PrimaryKeyConstraint("account_id", "patient_id"),)

    account_id: str = Field(sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    version: int = Field(sa_type=Counter)
    expires_at: datetime = Field(sa_type=Instant)


class TreatingRow(RecordsTable, table=True):
    """An appointment at `version`: whether its doctor treats its patient, and how far it has come."""

    __tablename__ = "treating"
    __table_args__ = (Index("ix_treating_doctor_id", "doctor_id", "patient_id"),)

    appointment_id: str = Field(primary_key=True, sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    doctor_id: str = Field(sa_type=ExactText(36))
    version: int
    treats: bool
    status: str = Field(sa_type=ExactText(16))


class PatientCopyRow(RecordsTable, table=True):
    """That there is such a patient, as of `version`."""

    __tablename__ = "patient_copies"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int


class CodeRow(RecordsTable, table=True):
    """A code of ICD-10-CM that may be used, and what it means."""

    __tablename__ = "icd10cm_codes"
    __table_args__ = {"sqlite_with_rowid": False}

    code: str = Field(primary_key=True, sa_type=ExactText(8))
    display: str = Field(sa_type=PlainText(500))


class CodeListRow(RecordsTable, table=True):
    """The list that the codes of `system` were taken from, by the SHA-256 of its file."""

    __tablename__ = "code_lists"

    system: str = Field(primary_key=True, sa_type=ExactText(16))
    digest: str = Field(sa_type=ExactText(64))
