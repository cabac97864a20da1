"""What holds for bills, payments and claims, without any I/O: their states, and how amounts are kept."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from subgraphs.kernel import currency, text
from subgraphs.kernel.errors import BadUserInput, InvalidInput, Problem, Refused

MAXIMUM = Decimal("1000000000.00")
MAXIMUM_REASON, MAXIMUM_NAME, MAXIMUM_TOKEN = 1000, 200, 200
MAXIMUM_REPORT_DAYS = 366
ZERO = Decimal("0.00")

_CENT = Decimal("0.01")
_DAYS = (date(1970, 1, 2), date(9000, 1, 1))
_HUNDRED = Decimal(100)


class BillStatus(StrEnum):
    PENDING = "PENDING"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PAID = "PAID"
    FAILED = "FAILED"
    VOID = "VOID"


class PaymentMethod(StrEnum):
    CASH = "CASH"
    CARD = "CARD"
    UPI = "UPI"
    BANK_TRANSFER = "BANK_TRANSFER"
    INSURANCE = "INSURANCE"


class PaymentStatus(StrEnum):
    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class ClaimStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    PARTIALLY_APPROVED = "PARTIALLY_APPROVED"
    REJECTED = "REJECTED"
    PAID = "PAID"


THROUGH_PROVIDER = frozenset({PaymentMethod.CARD, PaymentMethod.UPI})
BILLED_FROM = frozenset({"ACCEPTED", "CHECKED_IN", "COMPLETED"})
"""The states of an appointment that may be billed."""


class InvalidTransition(Refused):
    def __init__(self, message: str, *field: str) -> None:
        super().__init__(Problem("INVALID_TRANSITION", message, field or None))


class AlreadyBilled(Refused):
    def __init__(self) -> None:
        message = "This appointment has a bill. Void that first to bill it anew."
        super().__init__(Problem("ALREADY_BILLED", message, ("appointmentId",)))


class AlreadyPaid(Refused):
    def __init__(self) -> None:
        super().__init__(Problem("ALREADY_PAID", "This bill is paid.", ("billId",)))


class AmountExceedsBalance(Refused):
    def __init__(self, message: str) -> None:
        super().__init__(Problem("AMOUNT_EXCEEDS_BALANCE", message, ("amount",)))


@dataclass(frozen=True, slots=True)
class Move:
    """A row of a table of states: what is done, from which states, and to which it may lead."""

    done: str
    sources: frozenset[StrEnum]
    targets: frozenset[StrEnum]

    def check(self, noun: str, status: StrEnum, *field: str) -> None:
        """Raises InvalidTransition."""
        if status not in self.sources:
            raise InvalidTransition(f"A {noun} that is {status} cannot be {self.done}.", *field)


_OPEN = frozenset({BillStatus.PENDING, BillStatus.PARTIALLY_PAID, BillStatus.FAILED})

PAY_BILL = Move("paid", _OPEN, frozenset({BillStatus.PARTIALLY_PAID, BillStatus.PAID}))
FAIL_TO_PAY = Move("not paid", frozenset({BillStatus.PENDING}), frozenset({BillStatus.FAILED}))
REFUND_BILL = Move(
    "refunded",
    frozenset({BillStatus.PARTIALLY_PAID, BillStatus.PAID}),
    frozenset({BillStatus.PENDING, BillStatus.PARTIALLY_PAID}),
)
VOID = Move("voided", frozenset({BillStatus.PENDING, BillStatus.FAILED, BillStatus.PAID}), frozenset({BillStatus.VOID}))
CLAIM_ON = Move("claimed on", _OPEN, _OPEN)
BILL_MOVES = (PAY_BILL, FAIL_TO_PAY, REFUND_BILL, VOID)

_PENDING_PAYMENT = frozenset({PaymentStatus.PENDING})
TAKE = Move("taken", _PENDING_PAYMENT, frozenset({PaymentStatus.SUCCESS}))
DECLINE = Move("declined", _PENDING_PAYMENT, frozenset({PaymentStatus.FAILED}))
REFUND = Move("refunded", frozenset({PaymentStatus.SUCCESS}), frozenset({PaymentStatus.REFUNDED}))
PAYMENT_MOVES = (TAKE, DECLINE, REFUND)

_DECISIONS = frozenset({ClaimStatus.APPROVED, ClaimStatus.PARTIALLY_APPROVED, ClaimStatus.REJECTED})
PAYABLE = frozenset({ClaimStatus.APPROVED, ClaimStatus.PARTIALLY_APPROVED})
DECIDE = Move("decided", frozenset({ClaimStatus.SUBMITTED}), _DECISIONS)
PAY_CLAIM = Move("paid", PAYABLE, frozenset({ClaimStatus.PAID}))
REFUND_CLAIM = Move("refunded", frozenset({ClaimStatus.PAID}), PAYABLE)
CLAIM_MOVES = (DECIDE, PAY_CLAIM, REFUND_CLAIM)


def total(drugs_amount: Decimal, consultation_fee: Decimal) -> Decimal:
    """Raises InvalidInput where the sum is more than an amount may be."""
    whole = drugs_amount + consultation_fee
    if whole > MAXIMUM:
        raise InvalidInput(f"A bill is of {MAXIMUM:f} at the most.", "drugsAmount")
    return whole


def bill_status(total: Decimal, paid: Decimal, *, failed: bool = False) -> BillStatus:
    """Of a bill that is not void; `failed`: the last that was tried is that a payment failed."""
    if paid >= total:
        return BillStatus.PAID
    if paid > 0:
        return BillStatus.PARTIALLY_PAID
    return BillStatus.FAILED if failed else BillStatus.PENDING


def free(total: Decimal, paid: Decimal, reserved: Decimal) -> Decimal:
    """What of a bill may yet be paid or claimed: its balance less what is under way."""
    return total - paid - reserved


def check_free(amount: Decimal, free: Decimal) -> None:
    """Raises AmountExceedsBalance for more than what may yet be paid or claimed, and for nothing."""
    if amount > free or amount == 0:
        raise AmountExceedsBalance(f"There is {free:f} to be paid, less what is under way.")


def decision(claimed: Decimal, approved: Decimal) -> ClaimStatus:
    if approved == 0:
        return ClaimStatus.REJECTED
    return ClaimStatus.APPROVED if approved == claimed else ClaimStatus.PARTIALLY_APPROVED


def claim_status(claimed: Decimal, approved: Decimal, paid: Decimal) -> ClaimStatus:
    """Of a claim that is decided."""
    return ClaimStatus.PAID if 0 < approved <= paid else decision(claimed, approved)


def rounded(value: Decimal, code: str) -> Decimal:
    """Half-even to the minor unit of the currency; kept with two decimals in any case."""
    return value.quantize(Decimal(1).scaleb(-currency.decimals(code)), ROUND_HALF_EVEN).quantize(_CENT)


def amount(given: Decimal, code: str, field: str, *, positive: bool = False) -> Decimal:
    """Raises InvalidInput for what is no amount of money: not a number, negative, huge, or nothing if `positive`."""
    what = f"`{field}` is an amount of money {'above 0' if positive else 'from 0'} to {MAXIMUM:f}."
    if not given.is_finite() or not 0 <= given <= MAXIMUM:
        raise InvalidInput(what, field)
    kept = rounded(given, code)
    if positive and kept == 0:
        raise InvalidInput(what, field)
    return abs(kept)


def percent(given: Decimal, field: str) -> Decimal:
    """Raises InvalidInput."""
    if not given.is_finite() or not 0 < given <= _HUNDRED or given != given.quantize(_CENT):
        raise InvalidInput(f"`{field}` is above 0, 100 at the most, and has two decimals at the most.", field)
    return given.quantize(_CENT)


def share(total: Decimal, coverage_percent: Decimal, code: str) -> Decimal:
    return rounded(total * coverage_percent / _HUNDRED, code)


def reason(given: str) -> str:
    """Raises InvalidInput for none."""
    kept = text.lines(given, "`reason`", MAXIMUM_REASON, "reason")
    if kept is None:
        raise InvalidInput("Say why in `reason`.", "reason")
    return kept


def number(year: int, place: int) -> str:
    return f"{year}-{place:06d}"


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which the day begins there; days of all too remote times are one."""
    near = min(max(day, _DAYS[0]), _DAYS[1])
    return datetime(near.year, near.month, near.day, tzinfo=zone).astimezone(UTC)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which the next day begins."""
    return start_of(min(day, _DAYS[1]) + timedelta(days=1), zone)


def check_report(first: date, last: date) -> None:
    """Raises BadUserInput for a range that is empty or longer than a year."""
    if not 1 <= (last - first).days + 1 <= MAXIMUM_REPORT_DAYS:
        raise BadUserInput(f"`from` and `to` span 1 to {MAXIMUM_REPORT_DAYS} days, both counted.")
