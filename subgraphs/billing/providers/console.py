"""A provider for trying things out: it takes no money, and does what the `paymentMethodToken` says."""

import asyncio

from subgraphs.billing.providers import Answer, Charge, Refund, Said
from subgraphs.kernel.errors import InvalidInput

_DEFAULT = "succeed"
_DECLINED = Answer(Said.DECLINED, "The card was declined.")
_NOT_REFUNDED = Answer(Said.DECLINED, "The card takes no refund.")
_DONE, _NOT_YET = Answer(Said.DONE), Answer(Said.NOT_YET)

TOKENS = {
    "succeed": "succeeds at once",
    "fail": "is declined at once",
    "late": "succeeds when it is asked about again",
    "late_fail": "is declined when it is asked about again",
    "silent": "never answers, until it is asked about again: it succeeds",
    "refund_fail": "succeeds, and its refund is declined",
    "refund_late": "succeeds, and its refund when it is asked about again",
    "refund_late_fail": "succeeds, and its refund is declined when it is asked about again",
}


class ConsoleProvider:
    """It keeps nothing: the reference says how it goes on, also for another process."""

    def checked(self, token: str | None) -> str:
        chosen = _DEFAULT if token is None else token
        if chosen not in TOKENS:
            raise InvalidInput(f"`paymentMethodToken` is one of {', '.join(TOKENS)}.", "paymentMethodToken")
        return chosen

    async def prepare(self, charge: Charge) -> str:
        return f"console:{charge.token or _DEFAULT}"

    async def charge(self, charge: Charge, reference: str) -> Answer:
        again = charge.asks > 1
        match reference.removeprefix("console:"):
            case "fail":
                return _DECLINED
            case "late":
                return _DONE if again else _NOT_YET
            case "late_fail":
                return _DECLINED if again else _NOT_YET
            case "silent" if not again:
                await asyncio.Event().wait()
        return _DONE

    async def refund(self, refund: Refund) -> Answer:
        match refund.reference.removeprefix("console:"):
            case "refund_fail":
                return _NOT_REFUNDED
            case "refund_late" | "refund_late_fail" if refund.asks == 1:
                return _NOT_YET
            case "refund_late_fail":
                return _NOT_REFUNDED
        return _DONE
