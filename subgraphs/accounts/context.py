"""What a resolver of accounts gets as `info.context`: who asks, and the use cases."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from subgraphs.accounts.service import AccountService
from subgraphs.kernel.principal import Principal


@dataclass
class Context:
    principal: Principal | None
    service: AccountService


Info: TypeAlias = strawberry.Info[Context, None]
