"""Reminders by their time"""

from alembic import op

from subgraphs.kernel.migrate import ensure_index

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    ensure_index(op, "ix_reminders_slot", "reminders", ["slot"], unique=False)
