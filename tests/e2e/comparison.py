"""What people were answered against what the files of their hospital say, and whether that would tell a fault."""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.e2e.books import Books, check_bookings, check_money, check_nothing_is_left
from tests.e2e.lives import ACCEPT, BILL, BOOK, PAY, REFUND, VOID, Life
from tests.e2e.tellings import check_events, check_mailbox, check_trail

Check: TypeAlias = Callable[[Books, Sequence[Life]], None]

TAMPERING = (
    ("billing", "UPDATE bills SET paid = paid + 1 WHERE id = (SELECT max(id) FROM bills)"),
    ("billing", "UPDATE bills SET number = '2020-000009' WHERE id = (SELECT max(id) FROM bills)"),
    ("billing", "UPDATE ledger_entries SET amount = amount + 1 WHERE id = (SELECT max(id) FROM ledger_entries)"),
    ("billing", "DELETE FROM ledger_entries WHERE movement = (SELECT max(movement) FROM ledger_entries)"),
    (
        "billing",
        "UPDATE payments SET status = 'SUCCESS' WHERE id = (SELECT max(id) FROM payments WHERE status = 'FAILED')",
    ),
    ("billing", "DELETE FROM payments WHERE id = (SELECT max(id) FROM payments WHERE status = 'FAILED')"),
    ("billing", "DELETE FROM outbox WHERE sequence = (SELECT max(sequence) FROM outbox)"),
    ("appointments", "UPDATE appointments SET slot = (SELECT min(slot) FROM appointments)"),
    ("appointments", "DELETE FROM status_changes WHERE sequence = 1"),
    ("patients", "DELETE FROM outbox WHERE sequence = 1"),
    ("audit", "UPDATE audit_events SET reason = 'none' WHERE sequence = 3"),
    ("audit", "DELETE FROM audit_events WHERE sequence = (SELECT max(sequence) FROM audit_events)"),
    ("mailbox", "DELETE FROM mails WHERE id = (SELECT max(id) FROM mails)"),
    ("mailbox", "INSERT INTO mails SELECT 'x', \"to\", subject, text, html, 'x', at FROM mails LIMIT 1"),
    ("notifications", "UPDATE notifications SET status = 'QUEUED' WHERE id = (SELECT max(id) FROM notifications)"),
)


def check(books: Books, lives: Sequence[Life]) -> None:
    check_nothing_is_left(books)
    check_bookings(books)
    check_answers(books, lives)
    check_money(books)
    check_events(books)
    check_trail(books)
    check_mailbox(books)


def check_answers(books: Books, lives: Sequence[Life]) -> None:
    """Just what was answered stands there, and nobody was answered the same for two."""
    assert all(life.is_over for life in lives)
    assert [life.refused(ACCEPT, BILL) for life in lives if life.refused(ACCEPT, BILL)] == []
    assert sorted(books.ids("appointments", "appointments")) == sorted(id for life in lives for id in life.made(BOOK))
    pairs = Counter(life.slot + life.doctor for life in lives if life.made(BOOK))
    assert set(pairs.values()) == {1}
    assert sorted(books.ids("billing", "bills")) == sorted(id for life in lives for id in life.made(BILL))
    payments = {row["id"]: row["status"] for row in books.rows("billing", "SELECT id, status FROM payments")}
    ends = [life.ends() for life in lives]
    assert payments == {id: end for some in ends for id, end in some.items()}
    assert len(payments) == sum(len(life.made(PAY)) for life in lives)
    void = {row["id"] for row in books.rows("billing", "SELECT id FROM bills WHERE status = 'VOID'")}
    assert {id for life in lives for id in life.made(VOID)} <= void
    assert void <= {id for life in lives if life.voids for id in life.made(BILL)}
    assert {id for life in lives for id in life.made(REFUND)} <= payments.keys()


def check_the_checks(folder: Path, lives: Sequence[Life], copy: Path, check: Check = check) -> None:
    """Each of these would be noticed."""
    for database, statement in TAMPERING:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        with closing(sqlite3.connect(copy / f"{database}.db")) as connection, connection:
            assert connection.execute(statement).rowcount > 0, statement
        with pytest.raises(AssertionError):
            check(Books(copy), lives)
        shutil.rmtree(copy)
