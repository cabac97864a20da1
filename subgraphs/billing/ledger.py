"""The ledger underneath: double entry, every movement of money in lines that add up to nothing.

A line is a debit, or below 0 a credit. What a bill still is to bring is what stands on both receivables; revenue stands
below 0. Lines are only ever added: what was wrong is put right by a movement the other way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from subgraphs.billing.rules import PaymentMethod, day_of
from subgraphs.billing.tables import BillRow, EntryRow
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.rows import add_row


class Account(StrEnum):
    RECEIVABLE = "RECEIVABLE"
    INSURER_RECEIVABLE = "INSURER_RECEIVABLE"
    CASH = "CASH"
    BANK = "BANK"
    CARD_CLEARING = "CARD_CLEARING"
    DRUGS_REVENUE = "DRUGS_REVENUE"
    CONSULTATION_REVENUE = "CONSULTATION_REVENUE"


OWED = frozenset({Account.RECEIVABLE, Account.INSURER_RECEIVABLE})
MONEY = frozenset({Account.CASH, Account.BANK, Account.CARD_CLEARING})
REVENUE = frozenset({Account.DRUGS_REVENUE, Account.CONSULTATION_REVENUE})

_WHERE_MONEY_IS = {
    PaymentMethod.CASH: Account.CASH,
    PaymentMethod.CARD: Account.CARD_CLEARING,
    PaymentMethod.UPI: Account.CARD_CLEARING,
    PaymentMethod.BANK_TRANSFER: Account.BANK,
    PaymentMethod.INSURANCE: Account.BANK,
}


class Unbalanced(Exception):
    """The lines of a movement do not add up to nothing: nothing of its transaction may be written."""


@dataclass(frozen=True, slots=True)
class Line:
    account: Account
    amount: Decimal


Lines = Sequence[Line]


def billed(bill: BillRow) -> Lines:
    return (
        Line(Account.RECEIVABLE, bill.total),
        Line(Account.DRUGS_REVENUE, -bill.drugs_amount),
        Line(Account.CONSULTATION_REVENUE, -bill.consultation_fee),
    )


def voided(bill: BillRow, from_insurers: Decimal) -> Lines:
    """Of a bill of which nothing is paid; `from_insurers` is what they have approved of it."""
    return (
        *reversed_(billed(bill)),
        Line(Account.RECEIVABLE, from_insurers),
        Line(Account.INSURER_RECEIVABLE, -from_insurers),
    )


def paid(method: PaymentMethod, amount: Decimal) -> Lines:
    by_insurer = method is PaymentMethod.INSURANCE
    owed = Account.INSURER_RECEIVABLE if by_insurer else Account.RECEIVABLE
    return Line(_WHERE_MONEY_IS[method], amount), Line(owed, -amount)


def approved(amount: Decimal) -> Lines:
    """So much of the bill is the insurer's to pay from now on."""
    return Line(Account.INSURER_RECEIVABLE, amount), Line(Account.RECEIVABLE, -amount)


def reversed_(lines: Lines) -> Lines:
    return tuple(Line(line.account, -line.amount) for line in lines)


def post(session: AsyncSession, bill: BillRow, subject_id: str, lines: Lines, at: datetime, zone: ZoneInfo) -> None:
    """Adds the movement to the transaction; `subject_id` is the bill, payment or claim it is of. Raises Unbalanced."""
    if sum((line.amount for line in lines), Decimal(0)) != 0:
        raise Unbalanced(str(lines))
    movement = new_id()
    for line in lines:
        if line.amount:
            add_row(
                session,
                EntryRow,
                id=new_id(),
                movement=movement,
                account=line.account.value,
                amount=line.amount,
                bill_id=bill.id,
                doctor_id=bill.doctor_id,
                subject_id=subject_id,
                day=day_of(at, zone),
                at=at,
            )
