"""The rows that notifications owns."""

from datetime import datetime

from sqlalchemy import Index, MetaData, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from subgraphs.kernel.columns import ExactText, Instant, LongText, PlainText

_registry = registry()
METADATA: MetaData = _registry.metadata


class NotificationsTable(SQLModel, registry=_registry):
    pass


class TemplateRow(NotificationsTable, table=True):
    """A template as it is now, at `version`."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("event", "channel", "locale"),)

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    event: str = Field(sa_type=ExactText(64))
    channel: str = Field(sa_type=ExactText(8))
    locale: str = Field(sa_type=ExactText(35))
    subject: str | None = Field(default=None, sa_type=LongText)
    body: str = Field(sa_type=LongText)
    version: int
    updated_at: datetime = Field(sa_type=Instant)


class TemplateVersionRow(NotificationsTable, table=True):
    """A template as it was or is at `version`; nobody wrote the first, which was shipped."""

    __tablename__ = "template_versions"
    __table_args__ = (PrimaryKeyConstraint("template_id", "version"),)

    template_id: str = Field(sa_type=ExactText(36), foreign_key="templates.id")
    version: int
    subject: str | None = Field(default=None, sa_type=LongText)
    body: str = Field(sa_type=LongText)
    written_at: datetime = Field(sa_type=Instant)
    written_by: str | None = Field(default=None, sa_type=ExactText(36))


class NotificationRow(NotificationsTable, table=True):
    """One message of one event on one channel.

    `appointment_id` and `slot` are those that a reminder is of. `link_id` names the link whose place is kept in `body`.
    Nobody takes it to be sent before `due_at`, which whoever does so moves ahead, and with it holds it until then.
    `recipient_key` is what addresses are compared by, `traceparent` names the trace that it is sent in.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("event_id", "channel"),
        Index("ix_notifications_waiting", "status", "channel", "id"),
        Index("ix_notifications_newest", "created_at", "id"),
        Index("ix_notifications_of_event", "event", "created_at", "id"),
        Index("ix_notifications_of_status", "status", "created_at", "id"),
        Index("ix_notifications_of_patient", "patient_id", "created_at", "id"),
        Index("ix_notifications_of_recipient", "recipient_key", "created_at", "id"),
    )

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    event_id: str = Field(sa_type=ExactText(36))
    event: str = Field(sa_type=ExactText(64))
    channel: str = Field(sa_type=ExactText(8))
    recipient: str = Field(sa_type=ExactText(320))
    recipient_key: str = Field(sa_type=ExactText(320))
    patient_id: str | None = Field(default=None, sa_type=ExactText(36))
    appointment_id: str | None = Field(default=None, sa_type=ExactText(36))
    slot: datetime | None = Field(default=None, sa_type=Instant)
    link_id: str | None = Field(default=None, sa_type=ExactText(36))
    subject: str | None = Field(default=None, sa_type=LongText)
    body: str = Field(sa_type=LongText)
    status: str = Field(sa_type=ExactText(8))
    attempts: int
    last_error: str | None = Field(default=None, sa_type=LongText)
    created_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    traceparent: str | None = Field(default=None, sa_type=ExactText(55))


class PatientCopyRow(NotificationsTable, table=True):
    """How a patient is reached."""

    __tablename__ = "patient_copies"

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    name: str = Field(sa_type=PlainText(200))
    email: str | None = Field(default=None, sa_type=PlainText(320))
    phone: str | None = Field(default=None, sa_type=PlainText(64))
    deceased_at: datetime | None = Field(default=None, sa_type=Instant)


class AppointmentCopyRow(NotificationsTable, table=True):
    """When an appointment is, how it stands since `since`, and when to remind of it unless it is `silent`."""

    __tablename__ = "appointment_copies"
    __table_args__ = (Index("ix_appointment_copies_due", "status", "slot"),)

    id: str = Field(primary_key=True, sa_type=ExactText(36))
    version: int
    patient_id: str = Field(sa_type=ExactText(36))
    doctor_name: str = Field(sa_type=PlainText(200))
    slot: datetime = Field(sa_type=Instant)
    remind_at: datetime = Field(sa_type=Instant)
    status: str = Field(sa_type=ExactText(16))
    since: datetime = Field(sa_type=Instant)
    silent: bool


class ReminderRow(NotificationsTable, table=True):
    """That the appointment at that time was seen to: reminded of, once."""

    __tablename__ = "reminders"
    __table_args__ = (PrimaryKeyConstraint("appointment_id", "slot"), Index("ix_reminders_slot", "slot"))

    appointment_id: str = Field(sa_type=ExactText(36))
    slot: datetime = Field(sa_type=Instant)


class WaitingFactRow(NotificationsTable, table=True):
    """An event about a patient of whom nothing was heard yet, as topics do not wait for one another."""

    __tablename__ = "waiting_facts"
    __table_args__ = (Index("ix_waiting_facts_of_patient", "patient_id", "event_id"),)

    event_id: str = Field(primary_key=True, sa_type=ExactText(36))
    patient_id: str = Field(sa_type=ExactText(36))
    body: str = Field(sa_type=LongText)
