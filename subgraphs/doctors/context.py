"""What a resolver of doctors gets as `info.context`: who asks, the use cases, and this request's loaders."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from subgraphs.doctors.loaders import Loaders
from subgraphs.doctors.service import DoctorService
from subgraphs.kernel.principal import Principal


@dataclass
class Context:
    principal: Principal | None
    service: DoctorService
    loaders: Loaders

    def forget(self) -> None:
        """After a change: nothing that was loaded before it is given again."""
        self.loaders = Loaders(self.service.base.database)


Info: TypeAlias = strawberry.Info[Context, None]
