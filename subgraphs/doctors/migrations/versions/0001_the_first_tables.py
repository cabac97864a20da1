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
