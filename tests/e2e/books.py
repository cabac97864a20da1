"""A hospital's databases as files, read by SQL alone: no code of the hospital says what is right here.

Amounts are integers of the minor unit, instants text in UTC. Every check raises AssertionError.
"""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

Row = dict[str, Any]
GIVEN_UP = ("REJECTED", "CANCELLED")


@dataclass(frozen=True)
class Books:
    folder: Path

    def rows(self, database: str, statement: str, *values: object) -> list[Row]:
        with closing(sqlite3.connect(self.folder / f"{database}.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values)]

    def ids(self, database: str, table: str) -> list[str]:
        return [row["id"] for row in self.rows(database, f"SELECT id FROM {table}")]  # noqa: S608

    def count(self, database: str, statement: str) -> int:
        [[count]] = [list(row.values()) for row in self.rows(database, statement)]
        return int(count)

    def with_table(self, table: str) -> list[str]:
        """The databases that have it."""
        statement = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?"
        return [path.stem for path in sorted(self.folder.glob("*.db")) if self.rows(path.stem, statement, table)]

    def events(self) -> list[Row]:
        """All that was ever announced, in each domain's order."""
        return [
            json.loads(row["body"]) | {"domain": domain}
            for domain in self.with_table("outbox")
            for row in self.rows(domain, "SELECT body FROM outbox ORDER BY sequence")
        ]

    def waits(self) -> list[str]:
        """What is still to be done."""
        pending = "SELECT count(*) FROM payments WHERE ask_at IS NOT NULL"
        queued = "SELECT count(*) FROM notifications WHERE status = 'QUEUED'"
        announced = sum(self.count(domain, "SELECT count(*) FROM outbox") for domain in self.with_table("outbox"))
        left = {
            "payments": self.count("billing", pending),
            "notifications": self.count("notifications", queued),
            "events": announced - self.count("audit", "SELECT count(*) FROM audit_events"),
        }
        return [name for name, number in left.items() if number]


def check_nothing_is_left(books: Books) -> None:
    assert books.waits() == []
    for domain in books.with_table("dead_letters"):
        assert books.rows(domain, "SELECT error, body FROM dead_letters") == []
    assert books.rows("notifications", "SELECT * FROM waiting_facts") == []
    assert books.rows("notifications", "SELECT * FROM notifications WHERE status != 'SENT'") == []
    assert books.rows("accounts", "SELECT * FROM accounts WHERE held_at IS NOT NULL") == []


def check_bookings(books: Books) -> None:
    """Nobody in two places: as the appointments say, whatever the claims say."""
    visits = books.rows("appointments", "SELECT * FROM appointments ORDER BY slot")
    held = [visit for visit in visits if visit["status"] not in GIVEN_UP]
    for one in ("doctor_id", "patient_id"):
        diary = sorted(held, key=lambda visit: (visit[one], visit["slot"]))
        for earlier, later in pairwise(diary):
            assert earlier[one] != later[one] or earlier["ends_at"] <= later["slot"], (earlier, later)
    changes = books.rows("appointments", "SELECT * FROM status_changes ORDER BY sequence")
    assert [change["sequence"] for change in changes] == list(range(1, len(changes) + 1))
    lines = books.rows("appointments", "SELECT * FROM transitions")
    assert Counter((line["appointment_id"], line["to_status"]) for line in lines) == Counter(
        (change["appointment_id"], change["status"]) for change in changes
    )


def check_money(books: Books) -> None:
    """Numbers without gaps, bills that agree with their payments, and a ledger that agrees with both."""
    bills = books.rows("billing", "SELECT * FROM bills ORDER BY number")
    _check_numbers(books, bills)
    payments = books.rows("billing", "SELECT * FROM payments ORDER BY bill_id")
    by_bill = {bill: list(some) for bill, some in groupby(payments, key=lambda payment: payment["bill_id"])}
    assert by_bill.keys() <= {bill["id"] for bill in bills}
    entries = books.rows("billing", "SELECT * FROM ledger_entries ORDER BY bill_id")
    assert set(_sums(entries, "movement").values()) <= {0}
    lines = {bill: list(some) for bill, some in groupby(entries, key=lambda entry: entry["bill_id"])}
    for bill in bills:
        _check_bill(bill, by_bill.get(bill["id"], []))
        _check_ledger(bill, lines.get(bill["id"], []))


def _check_numbers(books: Books, bills: list[Row]) -> None:
    for year, some in groupby(bills, key=lambda bill: bill["number"].partition("-")[0]):
        counted = [int(bill["number"].partition("-")[2]) for bill in some]
        assert counted == list(range(1, len(counted) + 1))
        assert (
            books.rows("billing", "SELECT last FROM bill_numbers WHERE year = ?", int(year))[0]["last"] == counted[-1]
        )
    billed = [bill["appointment_id"] for bill in bills if bill["status"] != "VOID"]
    assert len(set(billed)) == len(billed)


def _check_bill(bill: Row, payments: list[Row]) -> None:
    taken = sum(payment["amount"] for payment in payments if payment["status"] == "SUCCESS")
    assert (bill["paid"], bill["reserved"]) == (taken, 0), bill
    assert bill["paid"] <= bill["total"] == bill["drugs_amount"] + bill["consultation_fee"]
    if bill["status"] == "VOID":
        assert taken == 0
    else:
        unpaid = {"PENDING", "FAILED"} if bill["total"] else {"PAID"}
        wanted = {"PAID"} if taken == bill["total"] else {"PARTIALLY_PAID"} if taken else unpaid
        assert bill["status"] in wanted, bill
    assert all(payment["token"] is None and payment["ask_at"] is None for payment in payments)


def _check_ledger(bill: Row, entries: list[Row]) -> None:
    stands = _sums(entries, "account")
    owed = stands["RECEIVABLE"] + stands["INSURER_RECEIVABLE"]
    money = stands["CASH"] + stands["BANK"] + stands["CARD_CLEARING"]
    earned = -stands["DRUGS_REVENUE"] - stands["CONSULTATION_REVENUE"]
    total = 0 if bill["status"] == "VOID" else bill["total"]
    assert (owed, money, earned) == (total - bill["paid"], bill["paid"], total), bill


def _sums(entries: list[Row], by: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        sums[entry[by]] += entry["amount"]
    return sums
