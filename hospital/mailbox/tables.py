"""The rows of the mailbox."""

from datetime import datetime

from sqlalchemy import Index, MetaData, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import ExactText, Instant, LongText, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class MailboxTable(SQLModel, registry=_registry):
    pass


class MailRow(MailboxTable, table=True):
    __tablename__ = "mails"
    __table_args__ = (UniqueConstraint("message_id"), Index("ix_mails_at", "at", "id"))

    id: str = Field(primary_key=True, sa_type=ExactText(64))
    to: str = Field(sa_type=PlainText(320))
    subject: str = Field(sa_type=PlainText(998))
    text: str = Field(sa_type=LongText)
    html: str = Field(sa_type=LongText)
    message_id: str = Field(sa_type=ExactText(320))
    at: datetime = Field(sa_type=Instant)
