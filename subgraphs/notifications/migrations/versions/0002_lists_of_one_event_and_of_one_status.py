"""Lists of one event and of one status"""

from alembic import op

from subgraphs.kernel.migrate import ensure_index

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    ensure_index(op, "ix_notifications_of_event", "notifications", ["event", "created_at", "id"], unique=False)
    ensure_index(op, "ix_notifications_of_status", "notifications", ["status", "created_at", "id"], unique=False)
