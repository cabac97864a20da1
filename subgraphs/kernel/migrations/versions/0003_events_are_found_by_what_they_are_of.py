"""Events are found by what they are of"""

from contextlib import nullcontext

import sqlalchemy as sa
from alembic import op

from subgraphs.kernel import columns
from subgraphs.kernel.migrate import ensure_column, ensure_index

revision = "0003"
down_revision = "0002"

_LOT = 1000
_OUTBOX = sa.table("outbox", *(sa.column(name) for name in ("sequence", "key", "patient_id", "body")))


def upgrade() -> None:
    for name in ("key", "patient_id"):
        ensure_column(op, "outbox", sa.Column(name, columns.ExactText(length=36), nullable=True))
        ensure_index(op, f"ix_outbox_{name}", "outbox", [name, "type"], unique=False)
    on_server = op.get_bind().dialect.name != "sqlite"
    with op.get_context().autocommit_block() if on_server else nullcontext():  # others write to it meanwhile
        _fill()


def _fill() -> None:
    ends = sa.select(*(sa.func.coalesce(end(_OUTBOX.c.sequence), 0) for end in (sa.func.min, sa.func.max)))
    first, last = op.get_bind().execute(ends).one()
    filled = sa.update(_OUTBOX).values(
        key=_text("subject"), patient_id=sa.func.nullif(_text("auditpatientid"), _text("subject"))
    )
    for start in range(first, last + 1, _LOT):
        lot = _OUTBOX.c.sequence.between(start, start + _LOT - 1)
        op.get_bind().execute(filled.where(lot, _OUTBOX.c.key.is_(None), sa.func.json_valid(_OUTBOX.c.body)))


def _text(attribute: str) -> sa.ColumnElement[str]:
    return sa.func.substr(sa.type_coerce(_OUTBOX.c.body, sa.JSON)[attribute].as_string(), 1, 36)
