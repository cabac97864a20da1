"""Letters with strokes are searched without them"""

from alembic import op

from subgraphs.kernel.refolding import refold

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    refold(op, "patients", "name", "sort_name", "name_words", "patient_id")
