"""Sign-ups keep their id with their idempotency key"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_table("sign_ups", if_exists=True)
