"""The root fields of notifications that read."""

import strawberry

from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection
from subgraphs.notifications.context import Info
from subgraphs.notifications.repository import Wanted
from subgraphs.notifications.types import (
    Notification,
    NotificationFilter,
    NotificationTemplate,
    notification_connection,
)


@strawberry.type
class Query:
    @strawberry.field
    async def notification_templates(self, info: Info) -> list[NotificationTemplate] | None:
        rows = await info.context.service.templates(info.context.principal)
        return [NotificationTemplate.of(row) for row in rows]

    @strawberry.field
    async def notifications(
        self,
        info: Info,
        filter: NotificationFilter | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Connection[Notification] | None:
        service, principal = info.context.service, info.context.principal
        wanted = filter.wanted() if filter else Wanted()
        return notification_connection(await service.notifications(principal, wanted, first, given(after)))
