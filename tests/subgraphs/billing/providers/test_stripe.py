"""Stripe's API by HTTP: what it answers, and all that it may do instead of answering."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
from pydantic import SecretStr, ValidationError

from subgraphs.billing.app import build, provider_of
from subgraphs.billing.providers import Charge, NoAnswer, Refund, Said
from subgraphs.billing.providers import stripe as stripe_module
from subgraphs.billing.providers.console import ConsoleProvider
from subgraphs.billing.providers.stripe import StripeProvider, minor_units
from subgraphs.billing.rules import PaymentMethod
from subgraphs.billing.service.importing import ImportedBill, ImportedPayment
from subgraphs.billing.tables import PaymentRow
from subgraphs.kernel.settings import Settings
from tests.subgraphs.billing.conftest import House, codes, fields
from tests.subgraphs.billing.stripe_standin import SECRET, StripeStandIn, stripe

NO_ANSWERS = [
    (500, b'{"error": {"type": "api_error"}}'),
    (503, b"<html>Bad gateway</html>"),
    (429, b'{"error": {"type": "invalid_request_error", "code": "rate_limit"}}'),
    (409, b'{"error": {"type": "idempotency_error"}}'),
    (401, b'{"error": {"type": "invalid_request_error"}}'),
    (302, b""),
    (200, b""),
    (200, b"[]"),
    (200, b'{"id": 1, "status": null}'),
    (200, b'{"id": "pi_1", "status": "unheard_of"}'),
    (200, b'{"id": "' + b"x" * 1_100_000 + b'"}'),
    (400, b'"no"'),
    "hang up",
    "cut off",
]


@pytest.fixture
async def standin() -> AsyncIterator[StripeStandIn]:
    async with stripe() as running:
        yield running


@pytest.fixture
async def house(make_base, signer, ask, standin) -> AsyncIterator[House]:
    opened = House(
        build(await make_base("billing"), StripeProvider(standin.url, SecretStr(SECRET))), signer.bearer, ask
    )
    yield opened
    await opened.check_books()


async def ask_later(house, clock) -> int:
    clock.move(timedelta(seconds=3601))
    return await house.domain.service.ask_about_payments()


async def test_it_makes_an_intent_and_confirms_it(house, standin):
    bill = await house.bill()
    paid = await house.paid(bill, paymentMethodToken="pm_card_visa")
    assert (paid["payment"]["status"], paid["bill"]["status"]) == ("SUCCESS", "PAID")
    [intent] = standin.intents.values()
    assert {name: intent[name] for name in ("amount", "currency", "payment_method_types[]", "description")} == {
        "amount": "100000",
        "currency": "inr",
        "payment_method_types[]": "card",
        "description": "Bill 2026-000001",
    }
    id = paid["payment"]["id"]
    assert (intent["metadata[payment]"], set(standin.by_key)) == (id, {f"{id}:1", f"{id}:confirm:1"})
    [row] = await house.rows(PaymentRow)
    assert (row.reference, row.token) == ("pi_1", None)


async def test_a_declined_card_fails_with_the_providers_words(house):
    failed = await house.paid(await house.bill(), paymentMethodToken="pm_card_chargeDeclined")
    assert failed["payment"]["status"] == "FAILED"
    kind, fact = (await house.outbox())[-1]
    assert (kind, fact["reason"]) == ("payment.failed", "Your card was declined.")


async def test_a_card_that_is_none_fails_without_telling_what_is_not_for_its_holder(house):
    failed = await house.paid(await house.bill(), paymentMethodToken="pm_unknown")
    assert failed["payment"]["status"] == "FAILED"
    assert (await house.outbox())[-1][1]["reason"] == "The provider did not accept the payment."


async def test_what_is_under_way_at_the_provider_is_asked_about_later(house, standin, clock):
    bill = await house.bill()
    assert (await house.paid(bill, method="UPI", paymentMethodToken="pm_upi"))["payment"]["status"] == "PENDING"
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == "PENDING"
    standin.intents["pi_1"]["status"] = "succeeded"
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == "PAID"


@pytest.mark.parametrize("path", ["payment_intents", "confirm"])
@pytest.mark.parametrize("works", [False, True], ids=["nothing was done", "it was done"])
async def test_without_a_good_answer_it_is_asked_again_and_charged_once(house, standin, clock, path, works):
    for place, how in enumerate(NO_ANSWERS, 1):
        bill = await house.bill()
        standin.broken, standin.works_all_the_same = {path: [how]}, works
        pending = await house.paid(bill, paymentMethodToken="pm_card_visa")
        assert pending["payment"]["status"] == "PENDING", how
        await ask_later(house, clock)
        assert (await house.read(bill))["status"] == "PAID", how
        assert len(standin.charged) == place
        assert (await house.announced()).count("bill.paid") == place


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["payment_intents", "confirm", "refunds"])
async def test_nobody_follows_a_redirect(house, standin, clock, path, status):
    """Neither the key nor what the card is known by goes where an answer says."""
    standin.broken = {path: [(status, b"{}", f"{standin.url}/elsewhere")]}
    bill = await house.bill()
    payment = (await house.paid(bill, paymentMethodToken="pm_card_visa"))["payment"]
    if path == "refunds":
        await house.refund(payment)
    assert not any("elsewhere" in asked for asked in standin.asked)
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == ("PENDING" if path == "refunds" else "PAID")


async def test_who_is_silent_is_not_waited_for_long(house, standin, monkeypatch):
    monkeypatch.setattr(stripe_module, "SECONDS", 0.05)

    standin.broken = {"payment_intents": ["silence"]}
    assert (await house.paid(await house.bill(), paymentMethodToken="pm_card_visa"))["payment"]["status"] == "PENDING"


async def test_a_refund_goes_the_same_way(house, standin, clock):
    bill = await house.bill()
    payment = (await house.paid(bill, paymentMethodToken="pm_card_visa"))["payment"]
    for works in (False, True):
        standin.broken, standin.works_all_the_same = {"refunds": ["hang up"]}, works
        if not works:
            assert (await house.refund(payment))["payment"]["status"] == "SUCCESS"
        await ask_later(house, clock)
    standin.broken = {}
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == "PENDING"
    assert len(standin.refunds) == 1
    assert (await house.announced()).count("payment.refunded") == 1


async def test_a_failure_that_stripe_keeps_for_a_day_stops_no_refund(house, standin, clock):
    """And of those that come after each other, one gives the money back."""
    bill = await house.bill()
    payment = (await house.paid(bill, paymentMethodToken="pm_card_visa"))["payment"]
    standin.broken = {"refunds": [(500, b'{"error": {"type": "api_error"}}')]}
    assert (await house.refund(payment))["payment"]["status"] == "SUCCESS"
    clock.move(timedelta(seconds=31))
    await house.domain.service.ask_about_payments()
    assert (await house.read(bill))["status"] == "PENDING"
    assert len(standin.refunds) == 1


async def test_of_two_intents_of_one_payment_the_one_that_is_kept_takes_the_money(house, standin, clock):
    """The answer to the first is lost after it was made."""
    bill = await house.bill()
    standin.broken, standin.works_all_the_same = {"payment_intents": ["hang up"]}, True
    await house.paid(bill, paymentMethodToken="pm_card_visa")
    await ask_later(house, clock)
    await ask_later(house, clock)
    assert (await house.read(bill))["status"] == "PAID"
    [row] = await house.rows(PaymentRow)
    assert (set(standin.intents), standin.charged) == ({"pi_1", "pi_2"}, [row.reference])
    assert standin.intents["pi_1"]["status"] == "requires_confirmation"


@pytest.mark.parametrize("method", [PaymentMethod.CARD, PaymentMethod.UPI])
async def test_an_imported_payment_is_given_back_by_the_clerk_and_its_bill_voided(house, standin, method):
    at = house.base.clock.now() - timedelta(days=9)
    imported = ImportedBill("b", await house.visit(), Decimal(900), at, (ImportedPayment(Decimal(1000), method, at),))
    bill = {"id": (await house.domain.service.import_bills([imported])).ids["b"]}
    [payment] = (await house.read(bill, "payments { id status }"))["payments"]
    refunded = await house.refund(payment)
    assert (codes(refunded), refunded["payment"]["status"], standin.asked) == ([], "REFUNDED", [])
    await house.done("voidBill", id=bill["id"], reason="Wrong patient")


def charge_of(payment: str, token: str, asks: int = 1) -> Charge:
    return Charge(payment, Decimal(10), "INR", PaymentMethod.CARD, "2026-000001", asks, token)


async def test_a_long_answer_is_read_to_its_end_and_one_without_end_is_none(standin):
    provider = StripeProvider(standin.url, SecretStr(SECRET))
    for size, asks in ((300_000, 1), (1_100_000, 2)):
        body = orjson.dumps({"id": "pi_1", "status": "requires_confirmation", "padding": "x" * size})
        standin.broken = {"payment_intents": [(200, body)]}
        if asks == 1:
            assert await provider.prepare(charge_of("a", "pm_card_visa")) == "pi_1"
        else:
            with pytest.raises(NoAnswer):
                await provider.prepare(charge_of("b", "pm_card_visa"))


async def test_what_was_done_by_another_try_is_known(standin):
    """An intent that is confirmed and a charge that is given back already; a refund that is under way."""
    provider = StripeProvider(standin.url, SecretStr(SECRET))
    reference = await provider.prepare(charge_of("a", "pm_card_visa"))
    assert (await provider.charge(charge_of("a", "pm_card_visa"), reference)).said is Said.DONE
    assert (await provider.charge(charge_of("b", "pm_card_visa"), reference)).said is Said.DONE
    assert standin.charged == [reference]
    assert (await provider.refund(Refund("a:refund:1", reference, 1))).said is Said.DONE
    assert (await provider.refund(Refund("a:refund:2", reference, 1))).said is Said.DONE
    standin.refunds[0]["status"] = "pending"
    assert (await provider.refund(Refund("a:refund:1", reference, 2))).said is Said.NOT_YET


@pytest.mark.parametrize("token", [None, "", "x" * 201, "pm\n"])
async def test_a_token_is_needed(house, token):
    payload = await house.pay(await house.bill(), paymentMethodToken=token)
    assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [["paymentMethodToken"]])


def test_amounts_are_counted_as_stripe_counts_them():
    counted = [minor_units(Decimal("12.00"), code) for code in ("INR", "JPY", "ISK", "UGX")]
    assert counted == [1200, 12, 1200, 1200]


def test_the_settings_say_who_takes_the_money_and_a_key_that_is_missing_is_told():
    assert isinstance(provider_of(Settings()), ConsoleProvider)
    chosen = Settings(payment_provider="stripe", stripe_secret_key=SecretStr(SECRET))
    assert isinstance(provider_of(chosen), StripeProvider)
    assert SECRET not in repr(chosen)
    with pytest.raises(ValidationError, match="stripe takes no money without it"):
        Settings(payment_provider="stripe")
    for code in ("KWD", "inr", "RUPEES", ""):
        with pytest.raises(ValidationError):
            Settings(currency=code)
