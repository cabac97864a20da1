"""Giving payments back."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from subgraphs.billing import repository
from subgraphs.billing.tables import PaymentRow
from tests.subgraphs.billing.conftest import codes, fields


@pytest.mark.parametrize("method", ["CASH", "CARD", "UPI", "BANK_TRANSFER"])
async def test_a_refund_makes_the_bill_owed_again(house, method):
    bill = await house.bill()
    payment = (await house.paid(bill, method=method))["payment"]
    refunded = await house.refund(payment)
    assert (codes(refunded), refunded["payment"]["status"]) == ([], "REFUNDED")
    assert (refunded["bill"]["status"], refunded["bill"]["balance"]) == ("PENDING", "1000.00")
    kind, fact = (await house.outbox())[-1]
    assert (kind, fact["amount"], fact["reason"]) == ("payment.refunded", "1000.00", "Paid twice")
    assert (await house.paid(bill))["bill"]["status"] == "PAID"


async def test_a_refund_of_a_part_leaves_the_rest_paid_and_what_is_given_back_can_be_voided(house):
    bill = await house.bill()
    first = (await house.paid(bill, amount="400"))["payment"]
    second = (await house.paid(bill))["payment"]
    assert (await house.refund(first))["bill"]["status"] == "PARTIALLY_PAID"
    assert (await house.refund(second))["bill"]["status"] == "PENDING"
    await house.done("voidBill", id=bill["id"], reason="Wrong patient")


async def test_only_what_succeeded_is_refunded_and_once(house):
    bill = await house.bill()
    failed = (await house.paid(bill, paymentMethodToken="fail"))["payment"]
    pending = (await house.paid(bill, amount="1", paymentMethodToken="late"))["payment"]
    paid = (await house.paid(bill, amount="1"))["payment"]
    assert codes(await house.refund(paid)) == []
    for payment in (failed, pending, paid):
        payload = await house.refund(payment)
        assert (codes(payload), fields(payload)) == (["INVALID_TRANSITION"], [["paymentId"]])


async def test_an_unknown_payment_is_not_found_and_a_reason_is_wanted(house):
    for id in ("nobody", "01900000-0000-7000-8000-000000000000"):
        payload = await house.refund({"id": id})
        assert (codes(payload), fields(payload)) == (["NOT_FOUND"], [["paymentId"]])
        assert codes(await house.refund({"id": id}, reason=" ")) == ["INVALID_INPUT"]


async def test_ten_refunds_at_once_give_it_back_once(house):
    payment = (await house.paid(await house.bill()))["payment"]
    payloads = await asyncio.gather(*(house.refund(payment) for _ in range(10)))
    assert sum(codes(payload) == [] for payload in payloads) == 1
    assert (await house.announced()).count("payment.refunded") == 1


async def test_the_same_key_refunds_once(house):
    payment = (await house.paid(await house.bill()))["payment"]
    first, second = [await house.refund(payment, idempotencyKey="the same") for _ in range(2)]
    assert first == second
    assert (await house.announced()).count("payment.refunded") == 1


async def test_a_refund_without_an_answer_is_asked_about_later(house, clock):
    bill = await house.bill()
    payment = (await house.paid(bill, paymentMethodToken="refund_late"))["payment"]
    begun = await house.refund(payment)
    assert (codes(begun), begun["payment"]["status"], begun["bill"]["status"]) == ([], "SUCCESS", "PAID")
    assert codes(await house.refund(payment)) == ["INVALID_TRANSITION"]
    clock.move(timedelta(seconds=31))
    await house.domain.service.ask_about_payments()
    assert (await house.read(bill))["status"] == "PENDING"


async def test_a_refund_that_the_provider_refuses_leaves_the_payment(house):
    bill = await house.bill()
    payment = (await house.paid(bill, paymentMethodToken="refund_fail"))["payment"]
    for _ in range(2):
        payload = await house.refund(payment)
        assert (codes(payload), fields(payload)) == (["INVALID_TRANSITION"], [["paymentId"]])
    assert (await house.read(bill))["status"] == "PAID"
    assert await refusals_of(house) == [(payment["id"], "The card takes no refund.", "FAILED", "BILLING_CLERK")] * 2


async def refusals_of(house) -> list[tuple]:
    """Refunds that were declined, as the audit trail hears of them."""
    envelopes = [message for message in await house.envelopes() if message.type == "payment.refund_failed"]
    return [(one.audit["resourceid"], one.audit["reason"], one.audit["outcome"], one.actor.role) for one in envelopes]


async def test_a_refund_that_is_declined_later_is_told_to_the_trail_and_to_the_clerk(house, clock):
    bill = await house.bill()
    payment = (await house.paid(bill, paymentMethodToken="refund_late_fail"))["payment"]
    assert codes(await house.refund(payment, idempotencyKey="the same")) == []
    assert await refusals_of(house) == []
    for _ in range(2):
        clock.move(timedelta(seconds=31))
        await house.domain.service.ask_about_payments()
    assert await refusals_of(house) == [(payment["id"], "The card takes no refund.", "FAILED", "BILLING_CLERK")]
    assert (await house.read(bill, "payments { status }"))["payments"] == [{"status": "SUCCESS"}]
    again = await house.refund(payment, idempotencyKey="the same")
    assert [error["message"] for error in again["errors"]] == [
        "The provider gave nothing back: The card takes no refund."
    ]


async def test_a_refusal_that_is_asked_for_again_with_its_key_is_a_refusal_still(house):
    payment = (await house.paid(await house.bill(), paymentMethodToken="refund_fail"))["payment"]
    for _ in range(2):
        payload = await house.refund(payment, idempotencyKey="the same")
        assert (codes(payload), fields(payload)) == (["INVALID_TRANSITION"], [["paymentId"]])


@pytest.mark.parametrize("second", ["succeed", "refund_late", "refund_fail"])
async def test_a_refusal_stays_one_whatever_becomes_of_the_next_refund(house, second):
    payment = (await house.paid(await house.bill(), paymentMethodToken="refund_fail"))["payment"]
    assert codes(await house.refund(payment, idempotencyKey="first")) == ["INVALID_TRANSITION"]
    other = update(PaymentRow).values(reference=f"console:{second}")
    await house.base.database.transaction(lambda session: session.exec(other))
    begun = [await house.refund(payment, idempotencyKey="second") for _ in range(2)]
    assert codes(begun[0]) == codes(begun[1]) == ([] if second != "refund_fail" else ["INVALID_TRANSITION"])
    again = await house.refund(payment, idempotencyKey="first")
    assert (codes(again), fields(again)) == (["INVALID_TRANSITION"], [["paymentId"]])


async def test_the_same_key_of_another_clerk_is_another_refund(house):
    payment = (await house.paid(await house.bill(), paymentMethodToken="refund_fail"))["payment"]
    assert codes(await house.refund(payment, idempotencyKey="the same")) == ["INVALID_TRANSITION"]
    other = update(PaymentRow).values(reference="console:succeed")
    await house.base.database.transaction(lambda session: session.exec(other))
    wanted = {"paymentId": payment["id"], "reason": "Paid twice", "idempotencyKey": "the same"}
    await house.done("refundPayment", house.bearer("BILLING_CLERK", "another"), **wanted)
    assert codes(await house.refund(payment, idempotencyKey="the same")) == ["INVALID_TRANSITION"]


async def test_cash_is_given_back_without_another_look_at_the_payment(house, monkeypatch):
    payment = (await house.paid(await house.bill(), method="CASH"))["payment"]
    reads, read = [], repository.payment

    async def counted(session, id):
        reads.append(id)
        return await read(session, id)

    monkeypatch.setattr(repository, "payment", counted)
    assert codes(await house.refund(payment)) == []
    assert len(reads) == 2, "in its transaction, and for the answer"


async def test_a_refund_that_is_under_way_is_no_refusal_when_it_is_asked_for_again(house):
    payment = (await house.paid(await house.bill(), paymentMethodToken="refund_late"))["payment"]
    for _ in range(2):
        again = await house.refund(payment, idempotencyKey="the same")
        assert (codes(again), again["payment"]["status"]) == ([], "SUCCESS")
