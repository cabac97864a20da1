"""What a resolver of notifications gets as `info.context`: who asks, and the use cases."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from subgraphs.kernel.principal import Principal
from subgraphs.notifications.service import NotificationService


@dataclass
class Context:
    principal: Principal | None
    service: NotificationService


Info: TypeAlias = strawberry.Info[Context, None]
