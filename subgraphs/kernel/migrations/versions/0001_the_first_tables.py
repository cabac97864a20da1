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
        "dead_letters",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("consumer", columns.ExactText(length=64), nullable=False),
        sa.Column("topic", columns.ExactText(length=64), nullable=False),
        sa.Column("body", columns.LongText(), nullable=False),
        sa.Column("error", columns.LongText(), nullable=False),
        sa.Column("failed_at", columns.Instant(), nullable=False),
        sa.Column("replayed_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_index(op, "ix_dead_letters_consumer", "dead_letters", ["consumer", "failed_at"], unique=False)
    ensure_table(
        op,
        "idempotency_keys",
        sa.Column("caller", columns.ExactText(length=320), nullable=False),
        sa.Column("mutation", columns.ExactText(length=64), nullable=False),
        sa.Column("key", columns.ExactText(length=64), nullable=False),
        sa.Column("input_hash", columns.ExactText(length=64), nullable=False),
        sa.Column("entity_id", columns.ExactText(length=36), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "mutation", "key"),
    )
    ensure_index(op, "ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    ensure_table(
        op,
        "inbox",
        sa.Column("consumer", columns.ExactText(length=64), nullable=False),
        sa.Column("event_id", columns.ExactText(length=36), nullable=False),
        sa.Column("received_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "event_id"),
    )
    ensure_index(op, "ix_inbox_received_at", "inbox", ["received_at"], unique=False)
    ensure_table(
        op,
        "outbox",
        sa.Column("sequence", columns.Counter(), nullable=False),
        sa.Column("event_id", columns.ExactText(length=36), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("type", columns.ExactText(length=64), nullable=False),
        sa.Column("body", columns.LongText(), nullable=False),
        sa.Column("recorded_at", columns.Instant(), nullable=False),
        sa.Column("published_at", columns.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("sequence"),
        sa.UniqueConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    ensure_index(op, op.f("ix_outbox_published_at"), "outbox", ["published_at"], unique=False)
    ensure_table(
        op,
        "positions",
        sa.Column("consumer", columns.ExactText(length=64), nullable=False),
        sa.Column("topic", columns.ExactText(length=64), nullable=False),
        sa.Column("position", columns.Counter(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "topic"),
    )
