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
        "departments",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("name", columns.PlainText(length=200), nullable=False),
        sa.Column("sort_name", columns.ExactText(length=200), nullable=False),
        sa.Column("import_key", columns.ExactText(length=200), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("import_key"),
    )
    ensure_index(op, op.f("ix_departments_sort_name"), "departments", ["sort_name"], unique=False)
    ensure_table(
        op,
        "doctors",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", columns.PlainText(length=200), nullable=False),
        sa.Column("sort_name", columns.ExactText(length=200), nullable=False),
        sa.Column("email", columns.ExactText(length=254), nullable=False),
        sa.Column("specialty", columns.PlainText(length=200), nullable=False),
        sa.Column("specialty_key", columns.ExactText(length=200), nullable=False),
        sa.Column("department_id", columns.ExactText(length=36), nullable=False),
        sa.Column("consultation_fee", columns.Money(), nullable=False),
        sa.Column("time_zone", columns.ExactText(length=64), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("import_key", columns.ExactText(length=200), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["departments.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("import_key"),
    )
    ensure_index(op, "ix_doctors_by_department", "doctors", ["department_id", "sort_name", "id"], unique=False)
    ensure_index(op, "ix_doctors_by_name", "doctors", ["sort_name", "id"], unique=False)
    ensure_index(op, "ix_doctors_by_specialty", "doctors", ["specialty_key", "sort_name", "id"], unique=False)
    ensure_table(
        op,
        "doctor_hours",
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["doctor_id"],
            ["doctors.id"],
        ),
        sa.PrimaryKeyConstraint("doctor_id", "weekday", "start_minute"),
    )
    ensure_table(
        op,
        "doctor_leave",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.Column("starts_at", columns.Instant(), nullable=False),
        sa.Column("ends_at", columns.Instant(), nullable=False),
        sa.Column("reason", columns.PlainText(length=500), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["doctor_id"],
            ["doctors.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_index(op, "ix_doctor_leave_by_end", "doctor_leave", ["doctor_id", "ends_at"], unique=False)
    ensure_index(op, "ix_doctor_leave_by_start", "doctor_leave", ["doctor_id", "starts_at"], unique=False)
    ensure_table(
        op,
        "doctor_words",
        sa.Column("word", columns.ExactText(length=40), nullable=False),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["doctor_id"],
            ["doctors.id"],
        ),
        sa.PrimaryKeyConstraint("word", "doctor_id"),
    )
    ensure_index(op, op.f("ix_doctor_words_doctor_id"), "doctor_words", ["doctor_id"], unique=False)
