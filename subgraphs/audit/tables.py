"""The rows that audit owns. Those of the trail are only ever added."""

from datetime import datetime

from sqlalchemy import Index, MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.audit.rules import LENGTHS
from subgraphs.kernel.columns import Counter, ExactText, Instant, LongText, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata

HEAD, CHECKPOINT = "head", "checkpoint"


class AuditTable(SQLModel, registry=_registry):
    pass


class AuditEventRow(AuditTable, table=True):
    """One event of the trail; `id` is that of the message it was made from."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_type", "type", "sequence"),
        Index("ix_audit_events_resource_type", "resource_type", "sequence"),
        Index("ix_audit_events_resource_id", "resource_id", "sequence"),
        Index("ix_audit_events_patient_id", "patient_id", "sequence"),
        Index("ix_audit_events_actor_id", "actor_id", "sequence"),
        Index("ix_audit_events_outcome", "outcome", "sequence"),
        Index("ix_audit_events_occurred_at", "occurred_at", "sequence"),
        Index("ix_audit_events_actor_occurred_at", "actor_id", "occurred_at"),
    )

    sequence: int = Field(primary_key=True, sa_type=Counter, sa_column_kwargs={"autoincrement": False})
    id: str = Field(sa_type=ExactText(LENGTHS["id"]), unique=True)
    action: str = Field(sa_type=ExactText(16))
    outcome: str = Field(sa_type=ExactText(16))
    type: str = Field(sa_type=ExactText(LENGTHS["type"]))
    resource_type: str = Field(sa_type=ExactText(LENGTHS["resource_type"]))
    resource_id: str | None = Field(sa_type=ExactText(LENGTHS["resource_id"]))
    patient_id: str | None = Field(sa_type=ExactText(LENGTHS["patient_id"]))
    actor_id: str | None = Field(sa_type=ExactText(LENGTHS["actor_id"]))
    actor_name: str | None = Field(sa_type=PlainText(LENGTHS["actor_name"]))
    actor_role: str | None = Field(sa_type=ExactText(16))
    reason: str | None = Field(sa_type=LongText)
    occurred_at: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)
    previous_hash: str = Field(sa_type=ExactText(64))
    hash: str = Field(sa_type=ExactText(64))


class ChainMarkRow(AuditTable, table=True):
    """A named point of the chain: `head` is its newest event, `checkpoint` ends the part that was verified."""

    __tablename__ = "chain_marks"

    name: str = Field(primary_key=True, sa_type=ExactText(16))
    sequence: int = Field(sa_type=Counter)
    hash: str = Field(sa_type=ExactText(64))
