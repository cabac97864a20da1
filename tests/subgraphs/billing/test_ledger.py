"""Random lives of bills: whatever is done, in any order, the ledger, the bills and the payments say the same."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgraphs.billing import ledger
from subgraphs.billing.app import build
from subgraphs.billing.ledger import Account, Line, Unbalanced
from subgraphs.billing.rules import BILL_MOVES
from subgraphs.billing.service import asking
from subgraphs.billing.tables import BillRow, ClaimRow, PaymentRow
from subgraphs.kernel.foundation import Foundation
from subgraphs.kernel.settings import Settings
from tests.subgraphs.billing.conftest import House
from tests.subgraphs.billing.test_report import report

AMOUNTS = st.decimals("0.01", "700", places=2).map(str)
STEPS = st.one_of(
    st.tuples(st.just("bill"), st.decimals("0", "900", places=2).map(str)),
    st.tuples(
        st.just("pay"),
        st.one_of(st.none(), AMOUNTS),
        st.sampled_from(["CASH", "CARD", "UPI", "BANK_TRANSFER"]),
        st.sampled_from(["succeed", "fail", "late", "late_fail", "refund_late", "refund_fail", "refund_late_fail"]),
    ),
    st.tuples(st.just("claim"), st.one_of(st.none(), AMOUNTS)),
    st.tuples(st.just("decide"), st.sampled_from(["0", "0.5", "1"])),
    st.tuples(st.just("insurer pays"), st.one_of(st.none(), AMOUNTS)),
    st.tuples(st.just("refund")),
    st.tuples(st.just("void")),
    st.tuples(st.just("wait")),
)
LIVES = st.lists(st.tuples(st.integers(0, 50), STEPS), min_size=4, max_size=25)
ALLOWED = {(source, target) for move in BILL_MOVES for source in move.sources for target in move.targets}


class Life:
    """Does the steps by the public API; the number beside each picks the bill, payment or claim it is done to."""

    def __init__(self, house: House, clock, patient: str, policy) -> None:
        self.house, self.clock, self.patient, self.policy = house, clock, patient, policy

    async def step(self, place: int, what: str, *more) -> None:
        before = {bill.id: bill.status for bill in await self.house.rows(BillRow)}
        await getattr(self, what.replace(" ", "_"))(place, *more)
        for bill in await self.house.rows(BillRow):
            known = before.get(bill.id, bill.status)
            assert known == bill.status or (known, bill.status) in ALLOWED
        await self.house.check_books()

    async def picked(self, row_class, place: int):
        rows = await self.house.rows(row_class)
        return {"id": rows[place % len(rows)].id} if rows else {"id": "nothing yet"}

    async def bill(self, place, drugs) -> None:
        await self.house.bill(await self.house.visit(self.patient), drugs)

    async def pay(self, place, amount, method, token) -> None:
        own = {"paymentMethodToken": token} if method in {"CARD", "UPI"} else {}
        await self.house.pay(await self.picked(BillRow, place), amount=amount, method=method, **own)

    async def claim(self, place, amount) -> None:
        bill = await self.picked(BillRow, place)
        await self.house.do("submitInsuranceClaim", billId=bill["id"], policyId=self.policy["id"], amount=amount)

    async def decide(self, place, share) -> None:
        rows = await self.house.rows(ClaimRow)
        if rows:
            row = rows[place % len(rows)]
            approved = str((row.amount * Decimal(share)).quantize(Decimal("0.01")))
            await self.house.do("decideInsuranceClaim", id=row.id, approvedAmount=approved)

    async def insurer_pays(self, place, amount) -> None:
        rows = await self.house.rows(ClaimRow)
        if rows:
            row = rows[place % len(rows)]
            await self.house.pay({"id": row.bill_id}, amount=amount, method="INSURANCE", claimId=row.id)

    async def refund(self, place) -> None:
        await self.house.refund(await self.picked(PaymentRow, place))

    async def void(self, place) -> None:
        await self.house.do("voidBill", id=(await self.picked(BillRow, place))["id"], reason="Wrong")

    async def wait(self, place) -> None:
        self.clock.move(timedelta(hours=1, minutes=place))
        await self.house.domain.service.ask_about_payments()


async def check_report(house: House) -> None:
    """Over everything: what is owed is what was billed less what came in, and all parts add up."""
    found = await report(house, "2026-03-01", "2026-06-30")
    bills = [bill for bill in await house.rows(BillRow) if bill.status != "VOID"]
    assert Decimal(found["billed"]) == sum(bill.total for bill in bills)
    assert Decimal(found["collected"]) == sum(bill.paid for bill in bills)
    assert Decimal(found["outstanding"]) == Decimal(found["billed"]) - Decimal(found["collected"])
    for name in ("billed", "collected"):
        for parts in ("byDay", "byDoctor"):
            assert sum(Decimal(part[name]) for part in found[parts]) == Decimal(found[name])


@pytest.fixture
def lives(databases, tokens, signer, ask, clock, monkeypatch):
    monkeypatch.setattr(asking, "ANSWERS_WITHIN_SECONDS", 5.0)

    async def live(steps) -> None:
        async with databases.migrated("billing") as database:
            domain = build(Foundation.of("billing", database, Settings(), clock, tokens))
            domain.base.denials._even_seconds = 0.0001
            house = House(domain, signer.bearer, ask)
            patient = await house.patient()
            life = Life(house, clock, patient, await house.policy(patient))
            await life.step(0, "bill", "900")
            for place, step in steps:
                await life.step(place, *step)
            await check_report(house)

    start = clock.at

    def run(steps) -> None:
        clock.at = start
        asyncio.run(live(steps))

    return run


def test_whatever_is_done_the_books_agree(lives):
    @settings(max_examples=15, deadline=None)
    @given(LIVES)
    def walk(steps) -> None:
        lives(steps)

    walk()


def test_a_life_with_everything_in_it(lives):
    lives(
        [
            (0, ("claim", "500")),
            (0, ("decide", "0.5")),
            (0, ("insurer pays", None)),
            (0, ("pay", "100", "CARD", "late")),
            (0, ("pay", None, "CASH", "succeed")),
            (0, ("wait",)),
            *((place, ("refund",)) for place in range(3)),
            (0, ("wait",)),
            (0, ("void",)),
        ]
    )


async def test_a_movement_that_does_not_add_up_to_nothing_is_not_posted(house):
    bill = BillRow(id="b", total=1, paid=0)
    lines = (Line(Account.CASH, Decimal(1)), Line(Account.RECEIVABLE, Decimal("-0.99")))

    async def work(session) -> None:
        ledger.post(session, bill, "b", lines, house.base.clock.now(), house.base.settings.zone)

    with pytest.raises(Unbalanced):
        await house.base.database.transaction(work)
