"""The root fields of notifications that change or try something."""

import strawberry

from subgraphs.kernel.errors import Refused
from subgraphs.notifications.context import Info
from subgraphs.notifications.types import (
    NotificationTemplate,
    NotificationTemplatePayload,
    PreviewNotificationTemplateInput,
    PreviewNotificationTemplatePayload,
    UpdateNotificationTemplateInput,
    UserError,
)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def update_notification_template(
        self, info: Info, input: UpdateNotificationTemplateInput
    ) -> NotificationTemplatePayload | None:
        try:
            row = await info.context.service.update_template(info.context.principal, input.edit())
        except Refused as refused:
            return NotificationTemplatePayload(template=None, errors=UserError.all_of(refused))
        return NotificationTemplatePayload(template=NotificationTemplate.of(row), errors=[])

    @strawberry.mutation
    async def preview_notification_template(
        self, info: Info, input: PreviewNotificationTemplateInput
    ) -> PreviewNotificationTemplatePayload | None:
        try:
            letter = await info.context.service.preview(info.context.principal, input.draft())
        except Refused as refused:
            return PreviewNotificationTemplatePayload(subject=None, body=None, errors=UserError.all_of(refused))
        return PreviewNotificationTemplatePayload.of(letter)
