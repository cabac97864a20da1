"""The root fields of audit."""

import strawberry

from subgraphs.audit.context import Info
from subgraphs.audit.repository import NEWEST_FIRST, Wanted
from subgraphs.audit.types import AuditChain, AuditEvent, AuditEventFilter
from subgraphs.kernel.pagination import Connection, connection


@strawberry.type
class Query:
    @strawberry.field
    async def audit_events(
        self,
        info: Info,
        filter: AuditEventFilter | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Connection[AuditEvent] | None:
        service, principal = info.context.service, info.context.principal
        wanted = filter.wanted() if filter else Wanted()
        found = await service.events(principal, wanted, first, after if isinstance(after, str) else None)
        return connection(
            found.page, NEWEST_FIRST, lambda row: AuditEvent.of(row, principal), lambda: service.count(found.seen)
        )

    @strawberry.field(description="Checks the chain from the last verified point on; the first broken link is named.")
    async def audit_chain(self, info: Info) -> AuditChain | None:
        return AuditChain.of(await info.context.service.chain(info.context.principal))
