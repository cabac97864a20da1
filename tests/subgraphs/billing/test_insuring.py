"""Policies, claims on them, and what insurers pay."""

import asyncio

import pytest

from tests.subgraphs.billing.conftest import codes, fields


@pytest.fixture
async def insured(house):
    """A bill of 1000 and a policy that covers 80 % of it."""
    patient = await house.patient()
    return await house.bill(await house.visit(patient)), await house.policy(patient), patient


async def test_a_policy_is_added_and_announced(house):
    patient = await house.patient()
    policy = await house.policy(patient, coveragePercent="33.33")
    assert policy == {
        "id": policy["id"],
        "insurer": "Star Health",
        "policyNumber": "SH-1",
        "coveragePercent": "33.33",
        "validFrom": "2026-01-01",
        "validTo": "2026-12-31",
    }
    [(kind, fact)] = await house.outbox()
    assert (kind, fact["policy_id"], fact["patient_id"]) == ("insurance_policy.added", policy["id"], patient)
    assert "SH-1" not in str(fact)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        *(({"coveragePercent": percent}, "coveragePercent") for percent in ("0", "-1", "100.01", "33.333")),
        *(({"insurer": name}, "insurer") for name in ("", "!", "x" * 201)),
        ({"policyNumber": "\0"}, "policyNumber"),
        ({"validFrom": "2026-02-01", "validTo": "2026-01-31"}, "validTo"),
    ],
)
async def test_a_policy_that_is_none_is_refused(house, given, field):
    known = {"insurer": "Star", "policyNumber": "1", "coveragePercent": "80"}
    days = {"validFrom": "2026-01-01", "validTo": "2026-12-31"}
    payload = await house.do("addInsurancePolicy", **({"patientId": await house.patient(), **known, **days} | given))
    assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [[field]])


async def test_a_policy_of_nobody_is_refused_once_all_is_known(house):
    async def bring(keys) -> None:
        await house.patient("01900000-0000-7000-8000-000000000001")

    days = {"validFrom": "2026-01-01", "validTo": "2026-12-31"}
    wanted = {"insurer": "Star", "policyNumber": "1", "coveragePercent": "80", **days}
    for id in ("nobody", "01900000-0000-7000-8000-000000000001"):
        payload = await house.do("addInsurancePolicy", patientId=id, **wanted)
        assert (codes(payload), fields(payload)) == (["NOT_FOUND"], [["patientId"]])
    house.base.arrivals.bring = bring
    await house.policy("01900000-0000-7000-8000-000000000001")


async def test_a_claim_is_the_policys_share_as_far_as_it_is_not_paid(house, insured):
    bill, policy, _ = insured
    claim = await house.claim(bill, policy)
    assert (claim["amount"], claim["approvedAmount"], claim["status"]) == ("800.00", None, "SUBMITTED")
    await house.paid(bill, amount="700")
    assert (await house.claim(bill, policy))["amount"] == "300.00"
    assert (await house.claim(bill, policy, amount="0.01"))["amount"] == "0.01"
    payload = await house.do("submitInsuranceClaim", billId=bill["id"], policyId=policy["id"], amount="300.01")
    assert (codes(payload), fields(payload)) == (["AMOUNT_EXCEEDS_BALANCE"], [["amount"]])
    kind, fact = (await house.outbox())[-1]
    assert (kind, fact["claim_status"], fact["insurer"]) == ("claim.submitted", "SUBMITTED", "Star Health")


async def test_a_claim_needs_a_policy_of_the_patient_that_held_on_the_day(house, insured):
    bill, _, patient = insured
    others = await house.policy(await house.patient())
    over = await house.policy(patient, validFrom="2025-01-01", validTo="2026-03-01")
    to_come = await house.policy(patient, validFrom="2026-03-03", validTo="2026-12-31")
    for policy in (others, over, to_come):
        payload = await house.do("submitInsuranceClaim", billId=bill["id"], policyId=policy["id"])
        assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [["policyId"]])
    just = await house.policy(patient, validFrom="2026-03-02", validTo="2026-03-02")
    assert (await house.claim(bill, just))["status"] == "SUBMITTED"


async def test_a_claim_on_what_is_paid_or_void_is_refused(house, insured):
    bill, policy, _ = insured
    await house.done("voidBill", id=bill["id"], reason="Wrong")
    payload = await house.do("submitInsuranceClaim", billId=bill["id"], policyId=policy["id"])
    assert codes(payload) == ["INVALID_TRANSITION"]


@pytest.mark.parametrize(
    ("approved", "status"), [("800", "APPROVED"), ("799.99", "PARTIALLY_APPROVED"), ("0", "REJECTED")]
)
async def test_a_claim_is_decided_once(house, insured, approved, status):
    bill, policy, _ = insured
    claim = await house.claim(bill, policy, approved)
    assert claim["status"] == status
    payload = await house.do("decideInsuranceClaim", id=claim["id"], approvedAmount="1")
    assert (codes(payload), fields(payload)) == (["INVALID_TRANSITION"], [["id"]])
    assert (await house.announced())[-1] == "claim.decided"


async def test_no_more_is_approved_than_was_claimed(house, insured):
    bill, policy, _ = insured
    claim = await house.claim(bill, policy)
    for amount in ("800.01", "-1"):
        payload = await house.do("decideInsuranceClaim", id=claim["id"], approvedAmount=amount)
        assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [["approvedAmount"]])


async def test_an_approved_claim_pays_and_is_paid_in_full(house, insured):
    bill, policy, _ = insured
    claim = await house.claim(bill, policy, "500")
    part = await house.paid(bill, method="INSURANCE", claimId=claim["id"], amount="200")
    assert part["bill"]["status"] == "PARTIALLY_PAID"
    payload = await house.pay(bill, method="INSURANCE", claimId=claim["id"], amount="300.01")
    assert codes(payload) == ["AMOUNT_EXCEEDS_BALANCE"]
    rest = await house.paid(bill, method="INSURANCE", claimId=claim["id"])
    assert rest["payment"]["amount"] == "300.00"
    document = "query ($id: ID!) { insuranceClaim(id: $id) { status bill { balance } policy { insurer } } }"
    seen = (await house.ask(document, house.clerk, id=claim["id"]))["insuranceClaim"]
    assert seen == {"status": "PAID", "bill": {"balance": "500.00"}, "policy": {"insurer": "Star Health"}}
    assert codes(await house.pay(bill, method="INSURANCE", claimId=claim["id"])) == ["INVALID_TRANSITION"]
    refunded = await house.refund(rest["payment"])
    assert refunded["bill"]["balance"] == "800.00"
    seen = (await house.ask(document, house.clerk, id=claim["id"]))["insuranceClaim"]
    assert seen["status"] == "PARTIALLY_APPROVED"


async def test_a_claim_that_is_not_approved_or_anothers_pays_nothing(house, insured):
    bill, policy, patient = insured
    submitted = await house.claim(bill, policy)
    rejected = await house.claim(bill, policy, "0")
    for claim in (submitted, rejected):
        assert codes(await house.pay(bill, method="INSURANCE", claimId=claim["id"])) == ["INVALID_TRANSITION"]
    other = await house.bill(await house.visit(patient))
    approved = await house.claim(other, policy, "100")
    assert codes(await house.pay(bill, method="INSURANCE", claimId=approved["id"])) == ["INVALID_INPUT"]
    assert codes(await house.pay(bill, method="INSURANCE", claimId="nobody")) == ["NOT_FOUND"]


async def test_of_ten_decisions_at_once_one_is_taken(house, insured):
    bill, policy, _ = insured
    claim = await house.claim(bill, policy)
    payloads = await asyncio.gather(
        *(house.do("decideInsuranceClaim", id=claim["id"], approvedAmount=str(100 + turn)) for turn in range(10))
    )
    assert sum(codes(payload) == [] for payload in payloads) == 1


async def test_a_claim_on_a_void_bill_is_not_decided(house, insured):
    bill, policy, _ = insured
    decided, open_ = await house.claim(bill, policy, "500"), await house.claim(bill, policy)
    await house.done("voidBill", id=bill["id"], reason="Wrong")
    assert codes(await house.do("decideInsuranceClaim", id=open_["id"], approvedAmount="1")) == ["INVALID_TRANSITION"]
    assert codes(await house.pay(bill, method="INSURANCE", claimId=decided["id"])) == ["INVALID_TRANSITION"]
