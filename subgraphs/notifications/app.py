"""Wiring notifications."""

import asyncio
from dataclasses import dataclass

from subgraphs.kernel.federation import Subgraph
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.links import Links
from subgraphs.kernel.principal import Principal
from subgraphs.notifications import copies
from subgraphs.notifications.context import Context
from subgraphs.notifications.copies import CONSUMER as CONSUMER
from subgraphs.notifications.rules import Channel
from subgraphs.notifications.schema import make_schema
from subgraphs.notifications.service import NotificationService


@dataclass(frozen=True)
class NotificationsDomain:
    """What the composition root needs of notifications: `service` is what the senders and the reminders work with."""

    base: Foundation
    service: NotificationService
    subgraph: Subgraph
    subscribers: tuple[Subscriber, ...]


def build(base: Foundation, links: Links) -> NotificationsDomain:
    bells = {channel: asyncio.Event() for channel in Channel}
    service = NotificationService(base, links, bells)

    def context(principal: Principal | None) -> Context:
        return Context(principal, service)

    subgraph = Subgraph(base.name, make_schema(), context, base.tokens, base.denials)
    return NotificationsDomain(base, service, subgraph, (copies.subscriber(base, bells),))
