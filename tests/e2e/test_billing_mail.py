"""What billing does is what patients hear of, joined over the public port alone: each fact once, by mail and by SMS."""

from datetime import timedelta
from typing import Any

import pytest

from tests.e2e.hospital import OneProcess, Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("notifications")]

MOBILE = "+919876543777"
BILL = "bill { id number }"
PAYMENT = "payment { id status }"


def clerk(hospital: OneProcess) -> str:
    return hospital.staff["BILLING_CLERK"].bearer


async def billed(hospital: OneProcess, patient: Person) -> Any:
    """A bill of 1000 for an appointment that the doctor has accepted."""
    doctor = await hospital.doctor()
    [slot, *_] = await hospital.slots(doctor, days=1)
    visit = (await hospital.booked(patient, doctor, slot))["id"]
    await hospital.done("acceptAppointment", doctor.bearer, id=visit)
    given = {"appointmentId": visit, "drugsAmount": "900", "consultationFee": "100"}
    return await hospital.done("createBill", clerk(hospital), BILL, **given)


async def pay(hospital: OneProcess, patient: Person, bill: Any, key: str, **given: Any) -> Any:
    wanted = {"billId": bill["id"], "method": "CARD", "idempotencyKey": key} | given
    return await hospital.done("payBill", patient.bearer, PAYMENT, **wanted)


async def claimed(hospital: OneProcess, patient: Person, bill: Any, approved: str) -> None:
    """A policy, a claim of 800 on the bill, and the insurer's word on it."""
    today = hospital.clock.now().date()
    days = {"validFrom": str(today - timedelta(days=1)), "validTo": str(today + timedelta(days=1))}
    insured = {"insurer": "Star Health", "policyNumber": "SH-1", "coveragePercent": "80", **days}
    policy = await hospital.done(
        "addInsurancePolicy", clerk(hospital), "policy { id }", patientId=patient.id, **insured
    )
    about = {"billId": bill["id"], "policyId": policy["id"]}
    claim = await hospital.done("submitInsuranceClaim", clerk(hospital), "claim { id }", **about)
    decided = {"id": claim["id"], "approvedAmount": approved}
    await hospital.done("decideInsuranceClaim", clerk(hospital), "claim { id }", **decided)


async def everything(hospital: OneProcess) -> dict[str, Any]:
    """The mailbox by id, when all has gone out."""
    await hospital.all_sent()
    listed = (await hospital.get("/dev/mailbox", accept="application/json")).body
    assert len({mail["id"] for mail in listed}) == len(listed)
    return {mail["id"]: mail for mail in listed}


async def test_bills_payments_refunds_and_claims_are_told_once_each_and_nothing_else_is(hospital: OneProcess):
    patient = await hospital.patient("Huzaifa Ansari", phone=MOBILE)
    bill = await billed(hospital, patient)
    before = await everything(hospital)
    assert (await pay(hospital, patient, bill, "told 1", paymentMethodToken="fail"))["status"] == "FAILED"
    paid = await pay(hospital, patient, bill, "told 2")
    assert (await pay(hospital, patient, bill, "told 2"))["id"] == paid["id"]
    refund = {"paymentId": paid["id"], "reason": "Wrong card", "idempotencyKey": "told 3"}
    assert (await hospital.done("refundPayment", clerk(hospital), PAYMENT, **refund))["status"] == "REFUNDED"
    await claimed(hospital, patient, bill, approved="600")
    await hospital.done("voidBill", clerk(hospital), BILL, id=bill["id"], reason="Wrong amount")

    new = [mail for id, mail in (await everything(hospital)).items() if id not in before]
    mails = [(mail["subject"], mail["text"]) for mail in reversed(new) if mail["to"] == patient.email]
    texts = [mail["text"] for mail in reversed(new) if mail["to"] == MOBILE]
    assert len(new) == len(mails) + len(texts)
    assert [subject for subject, _ in mails] == [
        "Payment Status - FAILED",
        "Payment Status - SUCCESS",
        "Payment Status - REFUNDED",
        "Your insurance claim was decided",
    ]
    failed, succeeded, refunded, decided = (text for _, text in mails)
    assert "Your payment of 1000.0 did not go through" in failed
    assert "Your payment of 1000.0 is successful!" in succeeded
    assert "Amount: 1000.0" in succeeded
    assert "We have paid you back 1000.0." in refunded
    assert "It pays: 600.0 INR" in decided
    assert all("Huzaifa Ansari" in text and bill["number"] in text for _, text in mails)
    assert texts == [
        f"Your payment of 1000.0 INR for bill {bill['number']} did not go through.",
        f"Your payment of 1000.0 INR for bill {bill['number']} is successful!",
        f"We have paid you back 1000.0 INR for bill {bill['number']}.",
        f"Your insurance has decided on the claim for bill {bill['number']}: it pays 600.0 INR.",
    ]


async def test_a_new_bill_is_told_with_its_number_and_total(hospital: OneProcess):
    patient = await hospital.patient("Huzaifa Ansari", phone=MOBILE.replace("777", "778"))
    bill = await billed(hospital, patient)
    [mail] = [one for one in await hospital.mails(patient.email) if one["subject"] == f"Your bill {bill['number']}"]
    assert f"Number: {bill['number']}\nAmount: 1000.0" in mail["text"]
    texts = [one["text"] for one in await hospital.mails(MOBILE.replace("777", "778"))]
    assert texts.count(f"There is a new bill for you, {bill['number']}, of 1000.0 INR.") == 1


async def test_what_comes_late_is_told_when_it_has_come_and_once(hospital: OneProcess):
    """The provider's answer arrives while nobody waits for it; by mail alone, as there is no mobile number."""
    patient = await hospital.patient("Huzaifa Ansari")
    bill = await billed(hospital, patient)
    for key, token in (("late 1", "late_fail"), ("late 2", "late")):
        assert (await pay(hospital, patient, bill, key, paymentMethodToken=token))["status"] == "PENDING"
        before = {mail["id"] for mail in await hospital.mails(patient.email)}
        async with hospital.later(timedelta(seconds=40)):
            for _ in range(2):
                await hospital.domains.billing.service.ask_about_payments()
        [new] = [mail for mail in await hospital.mails(patient.email) if mail["id"] not in before]
        assert new["subject"] == ("Payment Status - FAILED" if token == "late_fail" else "Payment Status - SUCCESS")
