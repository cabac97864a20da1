"""Paying bills: reserved first, asked outside, never more than the balance, never twice."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from subgraphs.billing.providers import Answer, NoAnswer, Said
from subgraphs.billing.providers.console import ConsoleProvider
from subgraphs.billing.service import BillingService, asking
from subgraphs.billing.tables import PaymentRow
from tests.subgraphs.billing.conftest import House, codes, fields


class CountingProvider(ConsoleProvider):
    """Keeps what it took, by key; `broken` raises in place of an answer."""

    def __init__(self) -> None:
        self.prepared: list[str] = []
        self.taken: Counter[str] = Counter()
        self.broken: BaseException | None = None
        self.house: House | None = None

    async def prepare(self, charge):
        self.prepared.append(charge.key)
        return await super().prepare(charge)

    async def charge(self, charge, reference):
        self.taken[charge.key] += 1
        if self.house is not None:
            [row] = await self.house.rows(PaymentRow)
            assert (row.status, row.reference) == ("PENDING", "console:succeed")
        if self.broken is not None:
            raise self.broken
        return await super().charge(charge, reference)


def with_provider(house: House) -> CountingProvider:
    provider = CountingProvider()
    object.__setattr__(house.domain.service, "provider", provider)
    return provider


async def ask_later(house, clock, seconds: int = 31) -> int:
    clock.move(timedelta(seconds=seconds))
    service: BillingService = house.domain.service
    return await service.ask_about_payments()


async def test_a_bill_is_paid_by_card(house):
    patient = await house.patient()
    bill = await house.bill(await house.visit(patient))
    paid = await house.paid(bill, bearer=house.as_patient(patient))
    assert paid["payment"] == {"id": paid["payment"]["id"], "status": "SUCCESS", "amount": "1000.00", "method": "CARD"}
    assert (paid["bill"]["status"], paid["bill"]["amountPaid"], paid["bill"]["balance"]) == ("PAID", "1000.00", "0.00")
    kind, fact = (await house.outbox())[-1]
    assert (kind, fact["amount"], fact["status"], fact["patient_email"]) == (
        "bill.paid",
        "1000.00",
        "PAID",
        "h@example.com",
    )


async def test_a_bill_is_paid_in_parts_and_never_beyond_its_balance(house):
    bill = await house.bill()
    assert (await house.paid(bill, amount="0.01"))["bill"]["status"] == "PARTIALLY_PAID"
    payload = await house.pay(bill, amount="1000")
    assert (codes(payload), fields(payload)) == (["AMOUNT_EXCEEDS_BALANCE"], [["amount"]])
    assert "insurer" not in payload["errors"][0]["message"]
    assert (await house.paid(bill, method="CASH"))["payment"]["amount"] == "999.99"
    assert codes(await house.pay(bill)) == ["ALREADY_PAID"]
    assert codes(await house.do("voidBill", id=bill["id"], reason="Wrong")) == ["INVALID_TRANSITION"]


@pytest.mark.parametrize("given", ["0", "-5", "0.005", "1000000000.01"])
async def test_it_refuses_amounts_that_pay_nothing(house, given):
    payload = await house.pay(await house.bill(), amount=given)
    assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [["amount"]])


async def test_a_declined_payment_leaves_the_bill_to_be_paid(house):
    bill = await house.bill()
    failed = await house.paid(bill, paymentMethodToken="fail")
    assert (failed["payment"]["status"], failed["bill"]["status"]) == ("FAILED", "FAILED")
    assert (await house.outbox())[-1][0] == "payment.failed"
    assert (await house.paid(bill, method="UPI"))["bill"]["status"] == "PAID"


async def test_a_declined_rest_leaves_it_partially_paid(house):
    bill = await house.bill()
    await house.paid(bill, amount="1")
    assert (await house.paid(bill, paymentMethodToken="fail"))["bill"]["status"] == "PARTIALLY_PAID"


@pytest.mark.parametrize("given", [{"paymentMethodToken": "tok_visa"}, {"paymentMethodToken": ""}])
async def test_a_token_that_the_provider_does_not_know_is_refused(house, given):
    payload = await house.pay(await house.bill(), **given)
    assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [["paymentMethodToken"]])
    assert await house.rows(PaymentRow) == []


async def test_what_does_not_go_together_is_refused(house):
    bill = await house.bill()
    for wanted, field in (
        ({"method": "CASH", "paymentMethodToken": "succeed"}, "paymentMethodToken"),
        ({"method": "INSURANCE"}, "claimId"),
        ({"method": "CARD", "claimId": bill["id"]}, "claimId"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
    ):
        payload = await house.pay(bill, **wanted)
        assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [[field]])


@pytest.mark.parametrize("method", ["CASH", "BANK_TRANSFER"])
async def test_a_patient_pays_by_card_or_upi_alone(house, method):
    patient = await house.patient()
    bill = await house.bill(await house.visit(patient))
    wanted = {"billId": bill["id"], "method": method, "idempotencyKey": "k"}
    assert await house.refused(house.document("payBill"), house.as_patient(patient), input=wanted) == "FORBIDDEN"
    assert await house.rows(PaymentRow) == []


@pytest.mark.parametrize("token", ["late", "silent"])
async def test_a_payment_without_an_answer_is_pending_and_asked_about_later(house, clock, token):
    bill = await house.bill()
    pending = await house.paid(bill, paymentMethodToken=token)
    assert (pending["payment"]["status"], pending["bill"]["status"]) == ("PENDING", "PENDING")
    assert codes(await house.pay(bill)) == ["AMOUNT_EXCEEDS_BALANCE"]
    assert codes(await house.do("voidBill", id=bill["id"], reason="Wrong")) == ["INVALID_TRANSITION"]
    assert await ask_later(house, clock, 29) == 0
    assert await ask_later(house, clock, 2) == 1
    assert (await house.read(bill))["status"] == "PAID"
    assert await ask_later(house, clock, 3600) == 0
    assert await house.announced() == ["bill.created", "bill.paid"]


async def test_a_late_refusal_frees_what_was_reserved(house, clock):
    bill = await house.bill()
    await house.paid(bill, paymentMethodToken="late_fail")
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == "FAILED"
    assert (await house.paid(bill))["bill"]["status"] == "PAID"


async def test_the_provider_is_asked_when_the_payment_is_committed_and_outside_any_transaction(house):
    """Another connection sees the row, and may write, while the provider thinks."""
    provider = with_provider(house)
    provider.house = house
    await house.paid(await house.bill())
    assert list(provider.taken.values()) == [1]


@pytest.mark.parametrize("error", [NoAnswer("500"), RuntimeError("a bug"), asyncio.CancelledError()])
async def test_what_breaks_while_the_provider_is_asked_is_mended_with_the_same_key(house, clock, error):
    bill, provider = await house.bill(), with_provider(house)
    provider.broken = error
    wanted = {"billId": bill["id"], "method": "CARD", "idempotencyKey": "k"}
    with suppress(asyncio.CancelledError):
        await house.send(house.domain.subgraph, house.document("payBill"), house.clerk, input=wanted)
    [row] = await house.rows(PaymentRow)
    assert row.status == "PENDING"
    provider.broken = None
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == "PAID"
    assert (provider.prepared, dict(provider.taken)) == ([row.id], {row.id: 2})
    assert (await house.do("payBill", **wanted))["payment"]["status"] == "SUCCESS"
    assert (await house.announced()).count("bill.paid") == 1


async def test_a_payment_that_was_not_asked_about_before_a_crash_is_charged_once(house, clock, monkeypatch):
    bill, provider = await house.bill(), with_provider(house)

    async def crash(*arguments) -> Answer:
        raise KeyError("the process ended here")

    with monkeypatch.context() as patched:
        patched.setattr("subgraphs.billing.service.paying.asking.ask", crash)
        wanted = {"billId": bill["id"], "method": "CARD", "idempotencyKey": "k"}
        await house.send(house.domain.subgraph, house.document("payBill"), house.clerk, input=wanted)
    assert provider.prepared == []
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == "PAID"
    assert len(provider.prepared) == 1


async def test_two_answers_to_one_payment_are_written_down_once(house, clock):
    bill = await house.bill()
    await house.paid(bill, paymentMethodToken="late")
    clock.move(timedelta(seconds=31))
    await asyncio.gather(*(house.domain.service.ask_about_payments() for _ in range(5)))
    assert (await house.announced()).count("bill.paid") == 1


async def test_ten_payments_at_once_take_no_more_than_the_balance(house):
    bill = await house.bill()
    payloads = await asyncio.gather(*(house.pay(bill) for _ in range(10)))
    assert sorted(map(tuple, map(codes, payloads)))[0] == ()
    assert sum(codes(payload) == [] for payload in payloads) == 1
    assert {code for payload in payloads for code in codes(payload)} <= {"ALREADY_PAID", "AMOUNT_EXCEEDS_BALANCE"}
    assert (await house.announced()).count("bill.paid") == 1


async def test_ten_parts_at_once_take_no_more_than_the_balance(house):
    bill = await house.bill()
    payloads = await asyncio.gather(*(house.pay(bill, amount="300", paymentMethodToken="late") for _ in range(10)))
    assert sum(codes(payload) == [] for payload in payloads) == 3
    assert (await house.paid(bill, method="CASH"))["payment"]["amount"] == "100.00"


async def test_the_same_key_pays_once(house):
    bill, provider = await house.bill(), with_provider(house)
    wanted = {"amount": "100", "idempotencyKey": "the same"}
    payloads = await asyncio.gather(*(house.pay(bill, **wanted) for _ in range(20)))
    assert len({payload["payment"]["id"] for payload in payloads}) == 1
    assert sum(provider.taken.values()) == 1
    for other in ({"amount": "101"}, {"method": "UPI"}, {"paymentMethodToken": "late"}):
        assert codes(await house.pay(bill, **(wanted | other))) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_what_the_card_is_known_by_is_forgotten_and_never_announced(house, clock):
    await house.paid(await house.bill(), paymentMethodToken="late")
    [row] = await house.rows(PaymentRow)
    assert row.token == "late"
    await ask_later(house, clock)
    [row] = await house.rows(PaymentRow)
    assert row.token is None
    assert all("late" not in str(data) for _, data in await house.outbox())


async def test_an_answer_that_comes_too_late_is_not_taken_for_that_of_a_refund(house, clock, monkeypatch):
    """The slow answer of a charge, when the timer has written it down and a refund has begun."""
    bill, provider = await house.bill(), with_provider(house)
    answered = asyncio.Event()

    async def slow(charge, reference) -> Answer:
        if charge.asks == 1:
            await answered.wait()
        return Answer(Said.DONE)

    provider.charge = slow  # type: ignore[method-assign]
    monkeypatch.setattr(asking, "ANSWERS_WITHIN_SECONDS", 5.0)
    paying = asyncio.create_task(house.pay(bill))
    await asyncio.sleep(0.05)
    await ask_later(house, clock)
    [row] = await house.rows(PaymentRow)
    provider.refund = lambda refund: asyncio.sleep(0, Answer(Said.NOT_YET))  # type: ignore[method-assign,assignment]
    await house.refund({"id": row.id})
    answered.set()
    await paying
    assert (await house.read(bill))["status"] == "PAID"
