"""What a resolver of doctors gets as `info.context`: who asks, the use cases, and this request's loaders."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from subgraphs.doctors.loaders import Loaders
from subgraphs.doctors.service import DoctorService
from subgraphs.kernel.principal import Principal


@dataclass
class Context:
    principal: Principal | None
    service: DoctorService
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forgets what was read: before a mutation's answer."""
        self.loaders = Loaders(self.service.base.database)


Info: TypeAlias = strawberry.Info[Context, None]
