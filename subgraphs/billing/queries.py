"""The root fields of billing that read."""

from datetime import date

import strawberry

from subgraphs.billing.context import Info
from subgraphs.billing.inputs import BillFilter
from subgraphs.billing.repository import NEWEST_FIRST, Filter
from subgraphs.billing.types import Bill, BillingReport, InsuranceClaim
from subgraphs.kernel.given import given
from subgraphs.kernel.pagination import Connection, connection


@strawberry.type
class Query:
    @strawberry.field
    async def bill(self, info: Info, id: strawberry.ID) -> Bill | None:
        row = await info.context.service.bill(info.context.principal, id)
        return None if row is None else Bill.of(row)

    @strawberry.field
    async def bills(
        self,
        info: Info,
        filter: BillFilter | None = strawberry.UNSET,
        first: int = 20,
        after: str | None = strawberry.UNSET,
    ) -> Connection[Bill] | None:
        service, wanted = info.context.service, NEWEST_FIRST.request(first, given(after))
        narrowed = filter.meant(service.base.settings.zone) if filter else Filter()
        found = await service.bills(info.context.principal, narrowed, wanted)
        return connection(found.page, NEWEST_FIRST, Bill.of, found.count)

    @strawberry.field
    async def billing_report(self, info: Info, from_: date, to: date) -> BillingReport | None:
        return BillingReport.of(await info.context.service.report(info.context.principal, from_, to))

    @strawberry.field
    async def insurance_claim(self, info: Info, id: strawberry.ID) -> InsuranceClaim | None:
        row = await info.context.service.claim(info.context.principal, id)
        return None if row is None else InsuranceClaim.of(row)
