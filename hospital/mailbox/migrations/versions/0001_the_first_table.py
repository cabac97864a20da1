"""The first table"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_index, ensure_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    ensure_table(
        op,
        "mails",
        sa.Column("id", columns.ExactText(length=64), nullable=False),
        sa.Column("to", columns.PlainText(length=320), nullable=False),
        sa.Column("subject", columns.PlainText(length=998), nullable=False),
        sa.Column("text", columns.LongText(), nullable=False),
        sa.Column("html", columns.LongText(), nullable=False),
        sa.Column("message_id", columns.ExactText(length=320), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
    )
    ensure_index(op, "ix_mails_at", "mails", ["at", "id"], unique=False)
