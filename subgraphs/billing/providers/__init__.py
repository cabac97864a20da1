"""Who takes money by card and UPI, as billing asks them: a reference that moves nothing first, then the money itself.

Whatever is asked may be asked again, by another process and days later, and has its effect once.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from subgraphs.billing.rules import PaymentMethod


class Said(StrEnum):
    DONE = "DONE"
    DECLINED = "DECLINED"
    NOT_YET = "NOT_YET"


@dataclass(frozen=True, slots=True)
class Answer:
    """`reason` is why it was declined, fit for people to read."""

    said: Said
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """`key` is the same whenever the same is asked; `asks` counts how often it is, this time included."""

    key: str
    amount: Decimal
    currency: str
    method: PaymentMethod
    bill_number: str
    asks: int
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Refund:
    """Of the whole charge of that reference."""

    key: str
    reference: str
    asks: int


class NoAnswer(Exception):
    """It is not known what became of it: it is to be asked again."""


class Declined(Exception):
    """No money will be moved by this charge. The text is fit for people to read."""


class Provider(Protocol):
    def checked(self, token: str | None) -> str | None:
        """What is to be kept of the token that a client gave. Raises InvalidInput for none of the provider's."""
        ...

    async def prepare(self, charge: Charge) -> str:
        """The provider's reference of the charge; moves no money. Raises NoAnswer, Declined."""
        ...

    async def charge(self, charge: Charge, reference: str) -> Answer:
        """Takes the money, unless it is taken. Raises NoAnswer."""
        ...

    async def refund(self, refund: Refund) -> Answer:
        """Gives it back, unless it is given back. Raises NoAnswer."""
        ...
