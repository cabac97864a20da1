"""Letters with strokes are searched without them"""

from alembic import op

from subgraphs.kernel.refolding import refold

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    refold(op, "departments", "name", "sort_name")
    refold(op, "doctors", "specialty", "specialty_key")
    refold(op, "doctors", "name", "sort_name", "doctor_words", "doctor_id")
