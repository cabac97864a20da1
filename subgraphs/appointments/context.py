"""What a resolver of appointments gets as `info.context`: who asks, use cases, stream, this request's loaders."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from subgraphs.appointments.loaders import Loaders
from subgraphs.appointments.service import AppointmentService
from subgraphs.appointments.stream import ChangeStream
from subgraphs.kernel.principal import Principal


@dataclass
class Context:
    principal: Principal | None
    service: AppointmentService
    stream: ChangeStream
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forgets what was read: before a mutation's answer, and before each event of a subscription."""
        base = self.service.base
        self.loaders = Loaders(base.database, base.clock, self.principal)


Info: TypeAlias = strawberry.Info[Context, None]
