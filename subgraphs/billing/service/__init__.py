"""The use cases of billing, one file each."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from subgraphs.billing import access, report, repository, rules
from subgraphs.billing.providers import Provider
from subgraphs.billing.report import Report
from subgraphs.billing.repository import Filter
from subgraphs.billing.service import asking, billing, importing, insuring, paying, refunding
from subgraphs.billing.service.billing import NewBill
from subgraphs.billing.service.importing import ImportedBill, ImportedPolicy
from subgraphs.billing.service.insuring import Decision, NewClaim, NewPolicy
from subgraphs.billing.service.paying import NewPayment
from subgraphs.billing.service.seeing import shown, written_bill
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow, PolicyRow
from subgraphs.kernel.access import signed_in
from subgraphs.kernel.errors import NotFound
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.importing import Imported
from subgraphs.kernel.pagination import Page, PageRequest, page_of
from subgraphs.kernel.principal import Principal

__all__ = ["BillingService", "Decision", "NewBill", "NewClaim", "NewPayment", "NewPolicy"]

KEYS_KEPT_FOR_GOOD = ("payBill", "refundPayment")
"""Mutations whose idempotency keys are never pruned: no payment is made twice however late it is repeated."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list, and how many there are, asked only where it is wanted."""

    page: Page[BillRow]
    count: Callable[[], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Paid:
    payment: PaymentRow
    bill: BillRow


@dataclass(frozen=True)
class BillingService:
    """What changes something raises Forbidden, Unauthenticated and Refused, and gives the thing as it now is."""

    base: Foundation
    provider: Provider

    async def create_bill(self, principal: Principal | None, wanted: NewBill) -> BillRow:
        return await billing.create(self.base, principal, wanted)

    async def void_bill(self, principal: Principal | None, id: str, reason: str) -> BillRow:
        return await billing.void(self.base, principal, id, reason)

    async def pay(self, principal: Principal | None, wanted: NewPayment) -> Paid:
        return await self._paid(await paying.pay(self.base, self.provider, principal, wanted))

    async def refund(self, principal: Principal | None, payment_id: str, reason: str, key: str) -> Paid:
        return await self._paid(await refunding.refund(self.base, self.provider, principal, payment_id, reason, key))

    async def ask_about_payments(self) -> int:
        """Asks the provider about what it has not said yet; gives about how many payments and refunds."""
        return await asking.ask_due(self.base, self.provider)

    async def add_policy(self, principal: Principal | None, wanted: NewPolicy) -> PolicyRow:
        return await insuring.add_policy(self.base, principal, wanted)

    async def submit_claim(self, principal: Principal | None, wanted: NewClaim) -> ClaimRow:
        return await insuring.submit(self.base, principal, wanted)

    async def decide_claim(self, principal: Principal | None, wanted: Decision) -> ClaimRow:
        return await insuring.decide(self.base, principal, wanted)

    async def bill(self, principal: Principal | None, id: str) -> BillRow | None:
        """None for what one may not see, which is noted. Raises Forbidden, Unauthenticated."""
        access.BILL.require(principal)
        asker = signed_in(principal)
        try:
            async with self.base.denials.concealing(asker, "bill"), self.base.database.reading() as session:
                return shown(asker, (await repository.bills(session, [id])).get(id))
        except NotFound:
            return None

    async def claim(self, principal: Principal | None, id: str) -> ClaimRow | None:
        """None for what one may not see, which is noted. Raises Forbidden, Unauthenticated."""
        access.BILL.require(principal)
        asker = signed_in(principal)
        try:
            async with self.base.denials.concealing(asker, "insuranceClaim"), self.base.database.reading() as session:
                found = (await repository.claims(session, [id])).get(id)
                bills = {} if found is None else await repository.bills(session, [found.bill_id])
                shown(asker, bills.get(found.bill_id) if found else None, "claim")
                return found
        except NotFound:
            return None

    async def bills(self, principal: Principal | None, narrowed: Filter, wanted: PageRequest) -> Listed:
        """The page of what the principal sees. Raises Forbidden, Unauthenticated."""
        access.BILL.require(principal)
        where = repository.listed(principal, narrowed)
        async with self.base.database.reading() as session:
            rows = await repository.page(session, where, wanted)

        async def count() -> int:
            async with self.base.database.reading() as session:
                return await repository.count(session, where)

        return Listed(page_of(rows, wanted), count)

    async def report(self, principal: Principal | None, first: date, last: date) -> Report:
        """Both days counted. Raises Forbidden, Unauthenticated, BadUserInput."""
        access.REPORT.require(principal)
        rules.check_report(first, last)
        async with self.base.database.reading() as session:
            return await report.report(session, first, last)

    async def import_bills(self, batch: Sequence[ImportedBill]) -> Imported:
        return await importing.import_bills(self.base, batch)

    async def import_policies(self, batch: Sequence[ImportedPolicy]) -> Imported:
        return await importing.import_policies(self.base, batch)

    async def _paid(self, payment_id: str) -> Paid:
        async with self.base.database.reading() as session:
            payment = await repository.payment(session, payment_id)
        if payment is None:
            raise LookupError(f"there is no payment {payment_id}")
        return Paid(payment, await written_bill(self.base.database, payment.bill_id))
