"""Relays, and their leases on shards of the outbox"""

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    ensure_table(
        op,
        "relay_leases",
        sa.Column("shard", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("holder", columns.ExactText(length=64), nullable=False),
        sa.Column("held_until", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("shard"),
    )
    ensure_table(
        op,
        "relays",
        sa.Column("name", columns.ExactText(length=64), nullable=False),
        sa.Column("alive_until", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
