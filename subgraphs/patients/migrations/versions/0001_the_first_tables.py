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
        "counters",
        sa.Column("name", columns.ExactText(length=32), nullable=False),
        sa.Column("value", columns.Counter(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    ensure_table(
        op,
        "name_words",
        sa.Column("word", columns.ExactText(length=40), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.PrimaryKeyConstraint("word", "patient_id"),
    )
    ensure_index(op, "ix_name_words_patient_id", "name_words", ["patient_id"], unique=False)
    ensure_table(
        op,
        "patients",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("mrn", columns.ExactText(length=24), nullable=False),
        sa.Column("name", columns.PlainText(length=200), nullable=False),
        sa.Column("sort_name", columns.ExactText(length=200), nullable=False),
        sa.Column("dob", sa.Date(), nullable=False),
        sa.Column("sex", columns.ExactText(length=8), nullable=True),
        sa.Column("email", columns.PlainText(length=254), nullable=True),
        sa.Column("phone", columns.PlainText(length=64), nullable=True),
        sa.Column("phone_digits", columns.ExactText(length=64), nullable=True),
        sa.Column("address", columns.PlainText(length=500), nullable=True),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("height", sa.Double(), nullable=True),
        sa.Column("deceased_at", columns.Instant(), nullable=True),
        sa.Column("import_key", columns.ExactText(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("import_key"),
        sa.UniqueConstraint("mrn"),
    )
    ensure_index(op, "ix_patients_phone_digits", "patients", ["phone_digits"], unique=False)
    ensure_index(op, "ix_patients_sort_name", "patients", ["sort_name", "id"], unique=False)
    ensure_table(
        op,
        "sign_ups",
        sa.Column("claim_hash", columns.ExactText(length=64), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("started_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("claim_hash"),
    )
    ensure_index(op, "ix_sign_ups_started_at", "sign_ups", ["started_at"], unique=False)
    ensure_table(
        op,
        "treating",
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("treats", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("appointment_id"),
    )
    ensure_index(op, "ix_treating_doctor_id", "treating", ["doctor_id", "treats", "patient_id"], unique=False)
