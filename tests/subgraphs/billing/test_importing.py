"""Bills, payments, policies and claims that come from elsewhere."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from subgraphs.billing.rules import PaymentMethod
from subgraphs.billing.service.importing import ImportedBill, ImportedClaim, ImportedPayment, ImportedPolicy
from subgraphs.billing.service.insuring import NewPolicy
from subgraphs.kernel.ids import new_id

AT = datetime(2025, 12, 31, 10, tzinfo=UTC)


def policy_of(patient: str, key: str = "p", percent: str = "50") -> ImportedPolicy:
    wanted = NewPolicy(patient, "Star", "1", Decimal(percent), date(2025, 1, 1), date(2026, 12, 31))
    return ImportedPolicy(key, wanted, AT)


@pytest.fixture
async def insured(house):
    patient = await house.patient()
    outcome = await house.domain.service.import_policies([policy_of(patient)])
    return patient, outcome.ids["p"]


async def test_a_bill_comes_with_what_was_paid_of_it_and_with_one_event_for_each_fact(house, insured):
    patient, policy = insured
    claim = ImportedClaim(policy, Decimal("500"), AT, Decimal("400"), AT)
    payment = ImportedPayment(Decimal("100"), PaymentMethod.CASH, AT)
    given = ImportedBill("b", await house.visit(patient), Decimal("900"), AT, (payment,), claim)
    for _ in range(2):
        outcome = await house.domain.service.import_bills([given])
        assert (outcome.refused, list(outcome.ids)) == ({}, ["b"])
    seen = await house.read({"id": outcome.ids["b"]}, "number status amountPaid claims { status } payments { method }")
    assert seen == {
        "number": "2025-000001",
        "status": "PARTIALLY_PAID",
        "amountPaid": "500.00",
        "claims": [{"status": "PAID"}],
        "payments": [{"method": "INSURANCE"}, {"method": "CASH"}],
    }
    facts = await house.outbox()
    assert [kind for kind, _ in facts] == [
        *("insurance_policy.added", "bill.created", "claim.submitted", "claim.decided", "bill.paid", "bill.paid")
    ]
    assert all(fact["imported"] for _, fact in facts)


async def test_what_is_not_fit_is_refused_alone(house, insured):
    patient, _ = insured
    billed = await house.visit(patient)
    await house.bill(billed)
    good = await house.visit(patient)
    too_much = (ImportedPayment(Decimal("1000.01"), PaymentMethod.CASH, AT),)
    less = (ImportedPayment(Decimal("-1"), PaymentMethod.CASH, AT),)
    batch = [
        ImportedBill("billed", billed, Decimal(1), AT),
        ImportedBill("unknown", new_id(), Decimal(1), AT),
        ImportedBill("rejected", await house.visit(patient, status="REJECTED"), Decimal(1), AT),
        ImportedBill("negative", await house.visit(patient), Decimal(-1), AT),
        ImportedBill("too much", await house.visit(patient), Decimal(900), AT, too_much),
        ImportedBill("no policy", await house.visit(patient), Decimal(1), AT, (), ImportedClaim("x", Decimal(1), AT)),
        ImportedBill("good", good, Decimal(900), AT),
        ImportedBill("twice", good, Decimal(900), AT),
        ImportedBill("less than nothing", await house.visit(patient), Decimal(900), AT, less),
    ]
    outcome = await house.domain.service.import_bills(batch)
    assert list(outcome.ids) == ["good"]
    assert set(outcome.refused) == {given.import_key for given in batch} - {"good"}
    policies = [policy_of(new_id(), "nobody"), policy_of(patient, "too much", "101")]
    assert set((await house.domain.service.import_policies(policies)).refused) == {"nobody", "too much"}
