"""The root fields of accounts that read."""

import strawberry

from subgraphs.accounts.context import Info
from subgraphs.accounts.types import Account, Viewer


@strawberry.type
class Query:
    @strawberry.field
    async def viewer(self, info: Info) -> Viewer | None:
        principal = info.context.principal
        row = None if principal is None else await info.context.service.own_account(principal)
        return None if row is None else Viewer.of(row)

    @strawberry.field(description="ADMIN: a login by its e-mail; null when there is none.")
    async def account(self, info: Info, email: str) -> Account | None:
        row = await info.context.service.account_by_email(info.context.principal, email)
        return None if row is None else Account.of(row)
