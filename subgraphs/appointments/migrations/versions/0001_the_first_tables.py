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
        "appointments",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("import_key", columns.ExactText(length=200), nullable=True),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_name", columns.PlainText(length=200), nullable=False),
        sa.Column("patient_email", columns.PlainText(length=320), nullable=True),
        sa.Column("patient_phone", columns.PlainText(length=64), nullable=True),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_name", columns.PlainText(length=200), nullable=False),
        sa.Column("department_id", columns.ExactText(length=36), nullable=False),
        sa.Column("consultation_fee", columns.Money(), nullable=False),
        sa.Column("slot", columns.Instant(), nullable=False),
        sa.Column("ends_at", columns.Instant(), nullable=False),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.Column("notes", columns.LongText(), nullable=True),
        sa.Column("reason", columns.LongText(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("import_key"),
    )
    ensure_index(op, "ix_appointments_department_id", "appointments", ["department_id", "slot", "id"], unique=False)
    ensure_index(op, "ix_appointments_doctor_id", "appointments", ["doctor_id", "slot", "id"], unique=False)
    ensure_index(op, "ix_appointments_patient_id", "appointments", ["patient_id", "slot", "id"], unique=False)
    ensure_index(op, "ix_appointments_slot", "appointments", ["slot", "id"], unique=False)
    ensure_index(op, "ix_appointments_status", "appointments", ["status", "slot", "id"], unique=False)
    ensure_index(op, "ix_appointments_treating", "appointments", ["doctor_id", "patient_id", "status"], unique=False)
    ensure_table(
        op,
        "change_counter",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", columns.Counter(), nullable=False),
        sa.Column("pruned_through", columns.Counter(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_table(
        op,
        "claims",
        sa.Column("owner", columns.ExactText(length=38), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=False),
        sa.PrimaryKeyConstraint("owner", "step"),
    )
    ensure_index(op, "ix_claims_step", "claims", ["step"], unique=False)
    ensure_table(
        op,
        "doctor_copies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", columns.PlainText(length=200), nullable=False),
        sa.Column("department_id", columns.ExactText(length=36), nullable=False),
        sa.Column("consultation_fee", columns.Money(), nullable=False),
        sa.Column("time_zone", columns.ExactText(length=64), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("hours", columns.LongText(), nullable=False),
        sa.Column("leave", columns.LongText(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_table(
        op,
        "patient_copies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", columns.PlainText(length=200), nullable=False),
        sa.Column("email", columns.PlainText(length=320), nullable=True),
        sa.Column("phone", columns.PlainText(length=64), nullable=True),
        sa.Column("deceased_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_table(
        op,
        "status_changes",
        sa.Column("sequence", columns.Counter(), autoincrement=False, nullable=False),
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("department_id", columns.ExactText(length=36), nullable=False),
        sa.Column("previous_status", columns.ExactText(length=16), nullable=True),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.Column("changed_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    ensure_index(op, "ix_status_changes_changed_at", "status_changes", ["changed_at"], unique=False)
    ensure_table(
        op,
        "transitions",
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_status", columns.ExactText(length=16), nullable=True),
        sa.Column("to_status", columns.ExactText(length=16), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("by_account_id", columns.ExactText(length=36), nullable=True),
        sa.Column("reason", columns.LongText(), nullable=True),
        sa.Column("slot", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("appointment_id", "version"),
    )
