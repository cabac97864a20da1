"""Payments know the key of their refund"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_column

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    ensure_column(op, "payments", sa.Column("refund_key", columns.ExactText(length=64), nullable=True))
