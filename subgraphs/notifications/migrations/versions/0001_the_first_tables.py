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
        "appointment_copies",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("doctor_name", columns.PlainText(length=200), nullable=False),
        sa.Column("slot", columns.Instant(), nullable=False),
        sa.Column("remind_at", columns.Instant(), nullable=False),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.Column("since", columns.Instant(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_index(op, "ix_appointment_copies_due", "appointment_copies", ["status", "slot"], unique=False)
    ensure_table(
        op,
        "notifications",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("event_id", columns.ExactText(length=36), nullable=False),
        sa.Column("event", columns.ExactText(length=64), nullable=False),
        sa.Column("channel", columns.ExactText(length=8), nullable=False),
        sa.Column("recipient", columns.ExactText(length=320), nullable=False),
        sa.Column("recipient_key", columns.ExactText(length=320), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=True),
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=True),
        sa.Column("slot", columns.Instant(), nullable=True),
        sa.Column("link_id", columns.ExactText(length=36), nullable=True),
        sa.Column("subject", columns.LongText(), nullable=True),
        sa.Column("body", columns.LongText(), nullable=False),
        sa.Column("status", columns.ExactText(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", columns.LongText(), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("due_at", columns.Instant(), nullable=False),
        sa.Column("sent_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id", "channel"),
    )
    ensure_index(op, "ix_notifications_newest", "notifications", ["created_at", "id"], unique=False)
    ensure_index(op, "ix_notifications_of_patient", "notifications", ["patient_id", "created_at", "id"], unique=False)
    ensure_index(
        op, "ix_notifications_of_recipient", "notifications", ["recipient_key", "created_at", "id"], unique=False
    )
    ensure_index(op, "ix_notifications_waiting", "notifications", ["status", "channel", "id"], unique=False)
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
        "reminders",
        sa.Column("appointment_id", columns.ExactText(length=36), nullable=False),
        sa.Column("slot", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("appointment_id", "slot"),
    )
    ensure_table(
        op,
        "templates",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("event", columns.ExactText(length=64), nullable=False),
        sa.Column("channel", columns.ExactText(length=8), nullable=False),
        sa.Column("locale", columns.ExactText(length=35), nullable=False),
        sa.Column("subject", columns.LongText(), nullable=True),
        sa.Column("body", columns.LongText(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event", "channel", "locale"),
    )
    ensure_table(
        op,
        "waiting_facts",
        sa.Column("event_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("body", columns.LongText(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    ensure_index(op, "ix_waiting_facts_of_patient", "waiting_facts", ["patient_id", "event_id"], unique=False)
    ensure_table(
        op,
        "template_versions",
        sa.Column("template_id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", columns.LongText(), nullable=True),
        sa.Column("body", columns.LongText(), nullable=False),
        sa.Column("written_at", columns.Instant(), nullable=False),
        sa.Column("written_by", columns.ExactText(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["template_id"],
            ["templates.id"],
        ),
        sa.PrimaryKeyConstraint("template_id", "version"),
    )
