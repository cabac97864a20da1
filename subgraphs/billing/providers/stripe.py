"""Stripe's API over HTTP: PaymentIntents and Refunds, as its documentation describes them.

An intent is made first, and confirmed once its id is kept: however often that is repeated, one intent takes money once.
So it is safe also after the day for which Stripe keeps an Idempotency-Key, and each try has a key of its own: under
the same one Stripe repeats for that day even its own failures. What a lost answer made beside it is never confirmed,
and of what is given back in whole nothing more can be.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import aiohttp
import orjson
import structlog
from pydantic import SecretStr

from subgraphs.billing.providers import Answer, Charge, Declined, NoAnswer, Refund, Said
from subgraphs.billing.rules import PaymentMethod
from subgraphs.kernel import currency
from subgraphs.kernel.errors import InvalidInput
from subgraphs.kernel.text import is_plain, is_printable

VERSION = "2024-06-20"
SECONDS = 8.0

_LONGEST_ANSWER, _LONGEST_TOKEN, _LONGEST_REASON = 1_000_000, 200, 200
_SOMETHING_ELSE = "The provider did not accept the payment."
_IN_HUNDREDTHS_ALL_THE_SAME = frozenset({"ISK", "UGX"})
_INTENTS = {
    "succeeded": Said.DONE,
    "processing": Said.NOT_YET,
    "requires_action": Said.NOT_YET,
    "requires_payment_method": Said.DECLINED,
    "canceled": Said.DECLINED,
}
_REFUNDS = {
    "succeeded": Said.DONE,
    "pending": Said.NOT_YET,
    "requires_action": Said.NOT_YET,
    "failed": Said.DECLINED,
    "canceled": Said.DECLINED,
}

log = structlog.get_logger(__name__)


class StripeError(Exception):
    """Stripe answered that it will not (4xx): nothing was done."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {error.get('type')} {error.get('code')}")
        self.error = error

    @property
    def code(self) -> str:
        return str(self.error.get("code"))

    @property
    def reason(self) -> str:
        """What Stripe says of cards is meant for their holders; the rest is not."""
        return _reason(self.error) if self.error.get("type") == "card_error" else _SOMETHING_ELSE


class StripeProvider:
    def __init__(self, url: str, secret_key: SecretStr) -> None:
        self._url, self._secret_key = url, secret_key

    def checked(self, token: str | None) -> str:
        if token is None or not 1 <= len(token) <= _LONGEST_TOKEN or not is_plain(token):
            raise InvalidInput("`paymentMethodToken` is what the form of the card gave.", "paymentMethodToken")
        return token

    async def prepare(self, charge: Charge) -> str:
        form = {
            "amount": str(minor_units(charge.amount, charge.currency)),
            "currency": charge.currency.lower(),
            "payment_method": charge.token or "",
            "payment_method_types[]": "card" if charge.method is PaymentMethod.CARD else "upi",
            "description": f"Bill {charge.bill_number}",
            "metadata[payment]": charge.key,
        }
        try:
            made = await self._post("/v1/payment_intents", form, f"{charge.key}:{charge.asks}")
        except StripeError as error:
            raise Declined(error.reason) from error
        if made.get("status") != "requires_confirmation":
            raise NoAnswer("no intent to be confirmed")
        return _text(made, "id")

    async def charge(self, charge: Charge, reference: str) -> Answer:
        if charge.asks > 1:
            intent = await self._intent(reference)
            if intent.get("status") != "requires_confirmation":
                return _intent_said(intent)
        return await self._confirm(charge, reference)

    async def refund(self, refund: Refund) -> Answer:
        if refund.asks > 1 and (known := await self._refund_of(refund)) is not None:
            return _said(_REFUNDS, known, str(known.get("failure_reason") or "The refund failed."))
        form = {"payment_intent": refund.reference, "metadata[refund]": refund.key}
        try:
            made = await self._post("/v1/refunds", form, f"{refund.key}:{refund.asks}")
        except StripeError as error:
            already = error.code == "charge_already_refunded"
            return Answer(Said.DONE) if already else Answer(Said.DECLINED, "The provider refused the refund.")
        return _said(_REFUNDS, made, "The refund failed.")

    async def _confirm(self, charge: Charge, reference: str) -> Answer:
        nobody_is_there_to_act = {"error_on_requires_action": "true"} if charge.method is PaymentMethod.CARD else {}
        path, key = f"/v1/payment_intents/{reference}/confirm", f"{charge.key}:confirm:{charge.asks}"
        try:
            return _intent_said(await self._post(path, nobody_is_there_to_act, key))
        except StripeError as error:
            if error.code == "payment_intent_unexpected_state":
                return _intent_said(await self._intent(reference))
            return Answer(Said.DECLINED, error.reason)

    async def _intent(self, reference: str) -> Mapping[str, Any]:
        try:
            return await self._send("GET", f"/v1/payment_intents/{reference}")
        except StripeError as error:
            raise NoAnswer(str(error)) from error

    async def _refund_of(self, refund: Refund) -> Mapping[str, Any] | None:
        """The refund that was made with that key, if it was made."""
        try:
            found = await self._send("GET", "/v1/refunds", params={"payment_intent": refund.reference, "limit": "100"})
        except StripeError as error:
            raise NoAnswer(str(error)) from error
        listed = found.get("data")
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise NoAnswer("no list of refunds")
        return next((one for one in listed if (one.get("metadata") or {}).get("refund") == refund.key), None)

    async def _post(self, path: str, form: Mapping[str, str], key: str) -> Mapping[str, Any]:
        return await self._send("POST", path, headers={"Idempotency-Key": key}, data=form)

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Mapping[str, Any]:
        """The answer's object. Raises StripeError for a refusal, NoAnswer for all that says nothing for sure."""
        sent = {
            "Authorization": f"Bearer {self._secret_key.get_secret_value()}",
            "Stripe-Version": VERSION,
            **(headers or {}),
        }
        limits = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=limits) as session,
                session.request(method, self._url + path, headers=sent, allow_redirects=False, **more) as response,
            ):
                return _object(response.status, await _body(response))
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NoAnswer(type(error).__name__) from error


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The whole of it, in however many pieces it comes. Raises NoAnswer for one without end."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _LONGEST_ANSWER:
            raise NoAnswer("too long an answer")
    return bytes(body)


def minor_units(amount: Decimal, code: str) -> int:
    """As Stripe counts them: whole units where a currency has none smaller, but for two that it still divides."""
    return int(amount.scaleb(2 if code in _IN_HUNDREDTHS_ALL_THE_SAME else currency.decimals(code)))


def _object(status: int, body: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NoAnswer(f"{status} and no JSON") from error
    if not isinstance(found, dict):
        raise NoAnswer(f"{status} and no object")
    if status == 200:
        return found
    raise _refusal(status, found.get("error"))


def _refusal(status: int, error: Any) -> Exception:
    """What is said to the payment itself is a refusal; what is said to us (a bad key, too many) is no answer."""
    if not isinstance(error, dict) or status not in {400, 402, 404}:
        log.error("stripe.no_answer", status=status, type=error.get("type") if isinstance(error, dict) else None)
        return NoAnswer(str(status))
    if error.get("type") == "idempotency_error" or error.get("code") in {"lock_timeout", "rate_limit"}:
        return NoAnswer(str(error.get("code")))
    return StripeError(status, error)


def _intent_said(intent: Mapping[str, Any]) -> Answer:
    error = intent.get("last_payment_error")
    return _said(_INTENTS, intent, _reason(error) if isinstance(error, dict) else "The payment was declined.")


def _said(meanings: Mapping[str, Said], found: Mapping[str, Any], reason: str) -> Answer:
    said = meanings.get(_text(found, "status"))
    if said is None:
        raise NoAnswer(f"status {found['status']}")
    return Answer(said, reason if said is Said.DECLINED else None)


def _reason(error: Mapping[str, Any]) -> str:
    message = error.get("message")
    shown = isinstance(message, str) and is_printable(message) and message
    return message[:_LONGEST_REASON] if shown and isinstance(message, str) else "The card was declined."


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise NoAnswer(f"an answer without {name}")
    return value
