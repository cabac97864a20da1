"""Payments know why a refund failed"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_column

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    ensure_column(op, "payments", sa.Column("refund_failure", columns.LongText(), nullable=True))
