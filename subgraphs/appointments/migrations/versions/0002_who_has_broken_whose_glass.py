"""Who has broken whose glass"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    ensure_table(
        op,
        "broken_glass",
        sa.Column("account_id", columns.ExactText(length=36), nullable=False),
        sa.Column("patient_id", columns.ExactText(length=36), nullable=False),
        sa.Column("version", columns.Counter(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "patient_id"),
    )
