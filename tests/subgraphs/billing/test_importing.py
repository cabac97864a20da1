"""Bills, payments, policies and claims that come from elsewhere."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from subgraphs.billing import repository
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


@pytest.mark.parametrize(
    ("amount", "approved"),
    [("-1", None), ("0", None), ("1000.01", None), ("500", "500.01"), ("500", "-1"), ("NaN", None)],
)
async def test_a_bill_whose_claim_is_none_is_refused_alone(house, insured, amount, approved):
    patient, policy = insured
    claim = ImportedClaim(policy, Decimal(amount), AT, None if approved is None else Decimal(approved))
    batch = [
        ImportedBill("bad", await house.visit(patient), Decimal(900), AT, (), claim),
        ImportedBill("good", await house.visit(patient), Decimal(900), AT),
    ]
    outcome = await house.domain.service.import_bills(batch)
    assert (list(outcome.refused), list(outcome.ids)) == (["bad"], ["good"])


async def test_a_bill_with_a_claim_on_anothers_policy_is_refused(house, insured):
    _, policy = insured
    given = ImportedBill("b", await house.visit(), Decimal(900), AT, (), ImportedClaim(policy, Decimal(1), AT))
    assert list((await house.domain.service.import_bills([given])).refused) == ["b"]


async def test_amounts_are_kept_as_any_others_half_even(house, insured):
    patient, policy = insured
    claim = ImportedClaim(policy, Decimal("500.015"), AT, Decimal("400.005"), AT)
    payment = ImportedPayment(Decimal("0.015"), PaymentMethod.CASH, AT)
    given = ImportedBill("b", await house.visit(patient), Decimal("900"), AT, (payment,), claim)
    outcome = await house.domain.service.import_bills([given])
    seen = await house.read({"id": outcome.ids["b"]}, "amountPaid claims { amount approvedAmount }")
    assert seen == {"amountPaid": "400.02", "claims": [{"amount": "500.02", "approvedAmount": "400.00"}]}


async def test_a_policy_that_another_import_takes_at_the_same_moment_is_taken_once(house, insured, monkeypatch):
    patient, policy = insured
    looks: list[dict[str, str]] = [{"p": policy}, {}]  # the first look comes too early

    async def look(session, keys) -> dict[str, str]:
        return looks.pop()

    monkeypatch.setattr(repository, "imported_policies", look)
    outcome = await house.domain.service.import_policies([policy_of(patient)])
    assert (outcome.ids, outcome.made) == ({"p": policy}, 0)


@pytest.mark.mysql  # on SQLite one writes at a time
async def test_a_bill_that_another_import_makes_meanwhile_is_not_refused(house, insured, monkeypatch):
    patient, _ = insured
    batch = [ImportedBill("b", await house.visit(patient), Decimal(900), AT)]
    look, take, others = repository.bills_of_appointments, house.domain.service.import_bills, []

    async def late_look(session, ids):
        if not others:
            others.append(None)
            others.append(await take(batch))
        return await look(session, ids)

    monkeypatch.setattr(repository, "bills_of_appointments", late_look)
    outcome = await take(batch)
    assert (outcome.refused, outcome.made, outcome.ids) == ({}, 0, others[1].ids)


async def test_what_is_not_fit_is_refused_alone(house, insured):
    patient, _ = insured
    billed = await house.visit(patient)
    await house.bill(billed)
    good = await house.visit(patient)
    too_much = (ImportedPayment(Decimal("1000.01"), PaymentMethod.CASH, AT),)
    less = (ImportedPayment(Decimal("-1"), PaymentMethod.CASH, AT),)
    no_claim = (ImportedPayment(Decimal("1"), PaymentMethod.INSURANCE, AT),)
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
        ImportedBill("of no claim", await house.visit(patient), Decimal(900), AT, no_claim),
    ]
    outcome = await house.domain.service.import_bills(batch)
    assert list(outcome.ids) == ["good"]
    assert set(outcome.refused) == {given.import_key for given in batch} - {"good"}
    policies = [policy_of(new_id(), "nobody"), policy_of(patient, "too much", "101")]
    assert set((await house.domain.service.import_policies(policies)).refused) == {"nobody", "too much"}
