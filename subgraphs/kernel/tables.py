"""The tables of every domain's database: outbox and who relays it, inbox, positions, dead letters, idempotency keys."""

from datetime import datetime

from sqlalchemy import Index, MetaData, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import Counter, ExactText, Instant, LongText

kernel_registry = registry()


class KernelTable(SQLModel, registry=kernel_registry):
    pass


METADATA: MetaData = kernel_registry.metadata


class OutboxRow(KernelTable, table=True):
    """An event that waits to be published; `sequence` is the order of commits where one writer writes at a time.

    `key`: the event's, as long as an id at most; None where the release before wrote it while this one was rolled out.
    `patient_id`: of whom it is, where that is not its key.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_key", "key", "type"),
        Index("ix_outbox_patient_id", "patient_id", "type"),
        {"sqlite_autoincrement": True},
    )

    sequence: int | None = Field(default=None, primary_key=True, sa_type=Counter)
    event_id: str = Field(sa_type=ExactText(36), unique=True)
    shard: int
    type: str = Field(sa_type=ExactText(64))
    key: str | None = Field(default=None, sa_type=ExactText(36))
    patient_id: str | None = Field(default=None, sa_type=ExactText(36))
    body: str = Field(sa_type=LongText)
    recorded_at: datetime = Field(sa_type=Instant)
    published_at: datetime | None = Field(default=None, sa_type=Instant, index=True)


class RelayLeaseRow(KernelTable, table=True):
    """Which relay publishes a shard of the outbox, and until when that is so without another word of it."""

    __tablename__ = "relay_leases"

    shard: int = Field(primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False})
    holder: str = Field(sa_type=ExactText(64))
    held_until: datetime = Field(sa_type=Instant)


class RelayRow(KernelTable, table=True):
    """A relay that is at work on this outbox, until when it is taken for that without another word of it."""

    __tablename__ = "relays"

    name: str = Field(primary_key=True, sa_type=ExactText(64))
    alive_until: datetime = Field(sa_type=Instant)


class InboxRow(KernelTable, table=True):
    """An event that a consumer has handled, written in the transaction of its effect."""

    __tablename__ = "inbox"
    __table_args__ = (PrimaryKeyConstraint("consumer", "event_id"), Index("ix_inbox_received_at", "received_at"))

    consumer: str = Field(sa_type=ExactText(64))
    event_id: str = Field(sa_type=ExactText(36))
    received_at: datetime = Field(sa_type=Instant)


class PositionRow(KernelTable, table=True):
    """How far a consumer has read a topic of the one-process transport."""

    __tablename__ = "positions"
    __table_args__ = (PrimaryKeyConstraint("consumer", "topic"),)

    consumer: str = Field(sa_type=ExactText(64))
    topic: str = Field(sa_type=ExactText(64))
    position: int = Field(sa_type=Counter)


class DeadLetterRow(KernelTable, table=True):
    """An event that a consumer could not handle, with the reason, until it is replayed."""

    __tablename__ = "dead_letters"
    __table_args__ = (Index("ix_dead_letters_consumer", "consumer", "failed_at"),)

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    consumer: str = Field(sa_type=ExactText(64))
    topic: str = Field(sa_type=ExactText(64))
    body: str = Field(sa_type=LongText)
    error: str = Field(sa_type=LongText)
    failed_at: datetime = Field(sa_type=Instant)
    replayed_at: datetime | None = Field(default=None, sa_type=Instant)


class IdempotencyRow(KernelTable, table=True):
    """A key that a caller used for a mutation (hashed), what the input was (hashed), and the entity it made."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        PrimaryKeyConstraint("caller", "mutation", "key"),
        Index("ix_idempotency_keys_created_at", "created_at"),
    )

    caller: str = Field(sa_type=ExactText(320))
    mutation: str = Field(sa_type=ExactText(64))
    key: str = Field(sa_type=ExactText(64))
    input_hash: str = Field(sa_type=ExactText(64))
    entity_id: str = Field(sa_type=ExactText(36))
    created_at: datetime = Field(sa_type=Instant)
