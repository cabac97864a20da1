"""What a resolver of billing gets as `info.context`: who asks, the use cases, this request's loaders."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from subgraphs.billing.loaders import Loaders
from subgraphs.billing.service import BillingService
from subgraphs.kernel.principal import Principal


@dataclass
class Context:
    principal: Principal | None
    service: BillingService
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forgets what was read: before a mutation's answer."""
        self.loaders = Loaders(self.service.base.database, self.principal)


Info: TypeAlias = strawberry.Info[Context, None]
