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
        "audit_events",
        sa.Column("sequence", columns.Counter(), autoincrement=False, nullable=False),
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("action", columns.ExactText(length=16), nullable=False),
        sa.Column("outcome", columns.ExactText(length=16), nullable=False),
        sa.Column("type", columns.ExactText(length=64), nullable=False),
        sa.Column("resource_type", columns.ExactText(length=64), nullable=False),
        sa.Column("resource_id", columns.ExactText(length=200), nullable=True),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=True),
        sa.Column("actor_id", columns.ExactText(length=36), nullable=True),
        sa.Column("actor_name", columns.PlainText(length=320), nullable=True),
        sa.Column("actor_role", columns.ExactText(length=16), nullable=True),
        sa.Column("reason", columns.LongText(), nullable=True),
        sa.Column("occurred_at", columns.Instant(), nullable=False),
        sa.Column("recorded_at", columns.Instant(), nullable=False),
        sa.Column("previous_hash", columns.ExactText(length=64), nullable=False),
        sa.Column("hash", columns.ExactText(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("id"),
    )
    ensure_index(op, "ix_audit_events_actor_id", "audit_events", ["actor_id", "sequence"], unique=False)
    ensure_index(op, "ix_audit_events_actor_occurred_at", "audit_events", ["actor_id", "occurred_at"], unique=False)
    ensure_index(op, "ix_audit_events_occurred_at", "audit_events", ["occurred_at", "sequence"], unique=False)
    ensure_index(op, "ix_audit_events_outcome", "audit_events", ["outcome", "sequence"], unique=False)
    ensure_index(op, "ix_audit_events_patient_id", "audit_events", ["patient_id", "sequence"], unique=False)
    ensure_index(op, "ix_audit_events_resource_id", "audit_events", ["resource_id", "sequence"], unique=False)
    ensure_index(op, "ix_audit_events_resource_type", "audit_events", ["resource_type", "sequence"], unique=False)
    ensure_index(op, "ix_audit_events_type", "audit_events", ["type", "sequence"], unique=False)
    ensure_table(
        op,
        "chain_marks",
        sa.Column("name", columns.ExactText(length=16), nullable=False),
        sa.Column("sequence", columns.Counter(), nullable=False),
        sa.Column("hash", columns.ExactText(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
