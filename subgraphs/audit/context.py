"""What a resolver of audit gets as `info.context`: who asks, and the use cases."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from subgraphs.audit.service import AuditService
from subgraphs.kernel.principal import Principal


@dataclass
class Context:
    principal: Principal | None
    service: AuditService


Info: TypeAlias = strawberry.Info[Context, None]
