"""The GraphQL types and inputs of notifications."""

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection, connection
from subgraphs.kernel.refusals import Refusal
from subgraphs.notifications import repository, rules
from subgraphs.notifications.repository import Wanted
from subgraphs.notifications.service import Draft, Edit, Listed
from subgraphs.notifications.tables import NotificationRow, TemplateRow
from subgraphs.notifications.templates import Letter


@strawberry.enum
class ErrorCode(Enum):
    INVALID_INPUT = "INVALID_INPUT"
    NOT_FOUND = "NOT_FOUND"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    TEMPLATE_INVALID = "TEMPLATE_INVALID"


@strawberry.federation.type(shareable=True)
class UserError(Refusal[ErrorCode]):
    codes = ErrorCode


@strawberry.enum
class NotificationChannel(Enum):
    EMAIL = "EMAIL"
    SMS = "SMS"

    @property
    def channel(self) -> rules.Channel:
        return rules.Channel(self.value)


@strawberry.enum
class NotificationStatus(Enum):
    QUEUED = "QUEUED"
    SENT = "SENT"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@strawberry.type
class NotificationTemplate:
    id: strawberry.ID
    event: str
    channel: NotificationChannel
    locale: str
    subject: str | None
    body: str
    version: int
    updated_at: datetime

    @classmethod
    def of(cls, row: TemplateRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            event=row.event,
            channel=NotificationChannel(row.channel),
            locale=row.locale,
            subject=row.subject,
            body=row.body,
            version=row.version,
            updated_at=row.updated_at,
        )


@strawberry.type
class Notification:
    id: strawberry.ID
    event: str
    channel: NotificationChannel
    recipient: str
    subject: str | None
    body: str
    status: NotificationStatus
    attempts: int
    last_error: str | None
    created_at: datetime
    sent_at: datetime | None

    @classmethod
    def of(cls, row: NotificationRow) -> Self:
        return cls(
            id=strawberry.ID(row.id),
            event=row.event,
            channel=NotificationChannel(row.channel),
            recipient=row.recipient,
            subject=row.subject,
            body=row.body,
            status=NotificationStatus(row.status),
            attempts=row.attempts,
            last_error=row.last_error,
            created_at=row.created_at,
            sent_at=row.sent_at,
        )


def notification_connection(listed: Listed) -> Connection[Notification]:
    return connection(listed.page, repository.NEWEST_FIRST, Notification.of, listed.count)


@strawberry.input
class NotificationFilter:
    recipient: str | None = strawberry.UNSET
    event: str | None = strawberry.UNSET
    status: list[NotificationStatus] | None = strawberry.UNSET

    def wanted(self) -> Wanted:
        """Raises BadUserInput."""
        status = given(self.status)
        return Wanted(
            recipient=rules.sought("recipient", given(self.recipient)),
            event=rules.sought("event", given(self.event)),
            status=None if status is None else tuple(each.value for each in status),
        )


@strawberry.input
class UpdateNotificationTemplateInput:
    id: strawberry.ID
    subject: strawberry.Maybe[str | None]
    body: str
    expected_version: int | None = strawberry.UNSET

    def edit(self) -> Edit:
        subject = None if self.subject is None else self.subject.value
        return Edit(self.id, subject, self.body, self.subject is None, given(self.expected_version))


@strawberry.input(description="Renders with sample data; writes and sends nothing.")
class PreviewNotificationTemplateInput:
    event: str
    channel: NotificationChannel
    subject: str | None = strawberry.UNSET
    body: str

    def draft(self) -> Draft:
        return Draft(self.event, self.channel.channel, given(self.subject), self.body, self.subject is strawberry.UNSET)


@strawberry.type
class NotificationTemplatePayload:
    template: NotificationTemplate | None
    errors: list[UserError]


@strawberry.type
class PreviewNotificationTemplatePayload:
    subject: str | None
    body: str | None
    errors: list[UserError]

    @classmethod
    def of(cls, letter: Letter) -> Self:
        return cls(subject=letter.subject, body=letter.body, errors=[])
