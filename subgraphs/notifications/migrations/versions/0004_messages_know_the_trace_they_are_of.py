"""Messages know the trace they are of"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    ensure_column(op, "notifications", sa.Column("traceparent", columns.ExactText(length=55), nullable=True))
