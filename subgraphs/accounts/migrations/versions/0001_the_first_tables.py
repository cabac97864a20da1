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
        "accounts",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("email", columns.ExactText(length=254), nullable=False),
        sa.Column("role", columns.ExactText(length=16), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=True),
        sa.Column("doctor_id", columns.ExactText(length=36), nullable=True),
        sa.Column("status", columns.ExactText(length=16), nullable=False),
        sa.Column("password_hash", columns.ExactText(length=200), nullable=True),
        sa.Column("held_at", columns.Instant(), nullable=True),
        sa.Column("disabled_at", columns.Instant(), nullable=True),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("doctor_id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("patient_id"),
    )
    ensure_index(op, "ix_accounts_role", "accounts", ["role"], unique=False)
    ensure_index(op, "ix_accounts_status_held_at", "accounts", ["status", "held_at"], unique=False)
    ensure_table(
        op,
        "sign_in_failures",
        sa.Column("email_hash", columns.ExactText(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("failed_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("email_hash", "place"),
    )
    ensure_index(op, op.f("ix_sign_in_failures_failed_at"), "sign_in_failures", ["failed_at"], unique=False)
    ensure_table(
        op,
        "signing_keys",
        sa.Column("kid", columns.ExactText(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("public_jwk", columns.LongText(), nullable=False),
        sa.Column("sealed_jwk", columns.LongText(), nullable=False),
        sa.Column("signs_from", columns.Instant(), nullable=False),
        sa.Column("signs_until", columns.Instant(), nullable=False),
        sa.Column("published_until", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("kid"),
        sa.UniqueConstraint("place"),
    )
    ensure_table(
        op,
        "subjects",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("role", columns.ExactText(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email", columns.ExactText(length=320), nullable=True),
        sa.Column("invitable", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_table(
        op,
        "links",
        sa.Column("token_hash", columns.ExactText(length=64), nullable=False),
        sa.Column("account_id", columns.ExactText(length=36), nullable=False),
        sa.Column("purpose", columns.ExactText(length=16), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    ensure_index(op, "ix_links_account_id", "links", ["account_id", "created_at"], unique=False)
    ensure_index(op, op.f("ix_links_expires_at"), "links", ["expires_at"], unique=False)
    ensure_table(
        op,
        "sessions",
        sa.Column("id", columns.ExactText(length=36), nullable=False),
        sa.Column("account_id", columns.ExactText(length=36), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("used_at", columns.Instant(), nullable=False),
        sa.Column("ends_at", columns.Instant(), nullable=False),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    ensure_index(op, "ix_sessions_account_id", "sessions", ["account_id", "ended_at"], unique=False)
    ensure_index(op, op.f("ix_sessions_ends_at"), "sessions", ["ends_at"], unique=False)
    ensure_table(
        op,
        "refresh_tokens",
        sa.Column("token_hash", columns.ExactText(length=64), nullable=False),
        sa.Column("session_id", columns.ExactText(length=36), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("used_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
        ),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    ensure_index(op, op.f("ix_refresh_tokens_session_id"), "refresh_tokens", ["session_id"], unique=False)
