"""What a resolver of records gets as `info.context`: who asks, the use cases, what is read, and that it was read."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from subgraphs.kernel.principal import Principal
from subgraphs.records.loaders import Loaders
from subgraphs.records.service import RecordService
from subgraphs.records.service.reading import Reads


@dataclass
class Context:
    principal: Principal | None
    service: RecordService
    reads: Reads = field(init=False)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.reads = Reads(self.service.base, self.principal)
        self.renew()

    def renew(self) -> None:
        """Forgets what was read, before a mutation's answer; not that it was."""
        self.loaders = Loaders(self.service.base, self.principal)


Info: TypeAlias = strawberry.Info[Context, None]
