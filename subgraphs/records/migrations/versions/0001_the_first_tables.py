"""The first tables"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_index, ensure_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    ensure_table(
        op,
        "allergies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("import_key", columns.ExactText(length=200), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("code", columns.PlainText(length=64), nullable=True),
        sa.Column("display", columns.PlainText(length=500), nullable=False),
        sa.Column("criticality", columns.PlainText(length=32), nullable=True),
        sa.Column("recorded_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("import_key"),
    )
    ensure_index(op, "ix_allergies_patient_id", "allergies", ["patient_id"], unique=False)
    ensure_table(
        op,
        "broken_glass",
        sa.Column("account_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", columns.Counter(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "patient_id"),
    )
    ensure_table(
        op,
        "medical_record_versions",
        sa.Column("record_id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("description", columns.LongText(), nullable=False),
        sa.Column("diagnoses", columns.LongText(), nullable=False),
        sa.Column("medicines", columns.LongText(), nullable=False),
        sa.Column("revisiting_date", sa.Date(), nullable=True),
        sa.Column("recorded_at", columns.Instant(), nullable=False),
        sa.Column("by_account_id", columns.ExactText(length=36), nullable=True),
        sa.Column("reason", columns.LongText(), nullable=True),
        sa.PrimaryKeyConstraint("record_id", "version"),
    )
    ensure_table(
        op,
        "medical_records",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("import_key", columns.ExactText(length=200), nullable=True),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=True),
        sa.Column("description", columns.LongText(), nullable=False),
        sa.Column("diagnoses", columns.LongText(), nullable=False),
        sa.Column("medicines", columns.LongText(), nullable=False),
        sa.Column("treated_at", columns.Instant(), nullable=False),
        sa.Column("revisiting_date", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("appointment_id"),
        sa.UniqueConstraint("import_key"),
    )
    ensure_index(
        op, "ix_medical_records_patient_id", "medical_records", ["patient_id", "treated_at", "id"], unique=False
    )
    ensure_table(
        op,
        "patient_copies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_table(
        op,
        "treating",
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("treats", sa.Boolean(), nullable=False),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.PrimaryKeyConstraint("appointment_id"),
    )
    ensure_index(op, "ix_treating_doctor_id", "treating", ["doctor_id", "patient_id"], unique=False)
