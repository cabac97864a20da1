"""The codes of ICD-10-CM"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    ensure_table(
        op,
        "code_lists",
        sa.Column("system", columns.ExactText(length=16), nullable=False),
        sa.Column("digest", columns.ExactText(length=64), nullable=False),
        sa.PrimaryKeyConstraint("system"),
    )
    ensure_table(
        op,
        "icd10cm_codes",
        sa.Column("code", columns.ExactText(length=8), nullable=False),
        sa.Column("display", columns.PlainText(length=500), nullable=False),
        sa.PrimaryKeyConstraint("code"),
        sqlite_with_rowid=False,
    )
