"""The use cases of notifications."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from subgraphs.kernel.access import signed_in
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.links import Links
from subgraphs.kernel.pagination import Page
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.notifications import access, repository
from subgraphs.notifications.queueing import Bells
from subgraphs.notifications.repository import Wanted
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.service import reminding, sending, templates
from subgraphs.notifications.service.sending import Outcome, Outgoing
from subgraphs.notifications.service.templates import Draft, Edit
from subgraphs.notifications.tables import NotificationRow, TemplateRow
from subgraphs.notifications.templates import Letter

__all__ = ["Draft", "Edit", "NotificationService", "Outcome", "Outgoing", "Wanted"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and how many there are, asked only where it is wanted."""

    page: Page[NotificationRow]
    count: Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class NotificationService:
    """`links` gives the links of mails when they are sent; `bells` ring where something is to be sent."""

    base: Foundation
    links: Links
    bells: Bells

    async def notifications(self, principal: Principal | None, wanted: Wanted, first: int, after: str | None) -> Listed:
        """A patient's own, or all for an ADMIN. Raises Unauthenticated, Forbidden, BadUserInput."""
        access.SENT.require(principal)
        request = repository.NEWEST_FIRST.request(first, after)
        seen = _seen(signed_in(principal), wanted)

        async def count() -> int:
            async with self.base.database.reading() as session:
                return await repository.count(session, seen)

        async with self.base.database.reading() as session:
            return Listed(await repository.page(session, seen, request), count)

    async def templates(self, principal: Principal | None) -> Sequence[TemplateRow]:
        """Raises Unauthenticated, Forbidden."""
        return await templates.all_templates(self.base, principal)

    async def update_template(self, principal: Principal | None, edit: Edit) -> TemplateRow:
        """Raises Unauthenticated, Forbidden, NotFound, VersionConflict, and Refused: TEMPLATE_INVALID."""
        return await templates.update(self.base, principal, edit)

    async def preview(self, principal: Principal | None, draft: Draft) -> Letter:
        """Writes and sends nothing. Raises Unauthenticated, Forbidden, and Refused: TEMPLATE_INVALID, INVALID_INPUT."""
        return await templates.preview(principal, draft)

    async def write_defaults(self) -> None:
        """At every start: the templates that are missing; safe to repeat."""
        await templates.write_defaults(self.base)

    async def take(self, channel: Channel, most: int, hold: timedelta) -> list[Outgoing]:
        """What is to be sent, in order, and is given to nobody else for as long as `hold`.

        What is not wanted any more is SKIPPED meanwhile.
        """
        return await sending.take(self.base, channel, most, hold)

    async def linked(self, message: Outgoing) -> Outgoing | None:
        """As it is to be sent now; None where its link is used or has ended. Raises Unreachable."""
        return await sending.linked(self.links, message)

    async def give_back(self, messages: Sequence[Outgoing]) -> None:
        """Those that were taken and not tried."""
        await sending.give_back(self.base, messages)

    async def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Writes down what became of attempts, all in one transaction; what reached nobody is none.

        A failure counts for nothing where the message was held too long and somebody else may have it now.
        """
        await sending.settle(self.base, outcomes)

    async def remind(self) -> int:
        """Queues the reminders that are due; gives how many appointments were seen to."""
        return await reminding.remind(self.base, self.bells)


def _seen(principal: Principal, wanted: Wanted) -> Wanted:
    """Narrowed to the patient's own; a patient's login without a patient sees none."""
    if principal.role is RoleName.ADMIN:
        return wanted
    return Wanted(wanted.recipient, wanted.event, wanted.status, principal.patient_id or "")
