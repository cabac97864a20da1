"""What people were answered in a storm against what stands in the books: each of it once, and nothing else.

Who gave up knows of the last thing they asked nothing: that may stand there once, or not at all.
Every check raises AssertionError.
"""

from collections import Counter
from collections.abc import Sequence

from tests.e2e.books import Books, Row, check_bookings, check_money, check_nothing_is_left
from tests.e2e.lives import ACCEPT, BILL, BOOK, PAY, REFUND, VOID, Life
from tests.e2e.tellings import check_events, check_mailbox, check_trail


def check(books: Books, lives: Sequence[Life]) -> None:
    check_nothing_is_left(books)
    check_visits(books, lives)
    check_bookings(books)
    check_bills(books, lives)
    check_payments(books, lives)
    check_money(books)
    check_events(books)
    check_trail(books)
    check_mailbox(books)


def check_visits(books: Books, lives: Sequence[Life]) -> None:
    visits = _by_id(books, "appointments", "appointments")
    answered = _by_what_they_made(lives, BOOK)
    assert answered.keys() <= visits.keys()
    for id, life in answered.items():
        assert _wanted(life) == _booked(visits[id]), id
        assert not life.refused(ACCEPT), life
        assert visits[id]["status"] == "ACCEPTED" if life.made(ACCEPT) else not life.is_over, (life, visits[id])
    unknown = Counter(_wanted(life) for life in lives if f"{BOOK} 0" not in life.answered)
    assert Counter(_booked(visit) for id, visit in visits.items() if id not in answered) <= unknown
    _check_refusals(list(visits.values()), lives)


def _check_refusals(visits: Sequence[Row], lives: Sequence[Life]) -> None:
    """Nobody was refused a time that the doctor and the patient had."""
    taken = {(visit[who], visit["slot"]) for visit in visits for who in ("doctor_id", "patient_id")}
    for life in lives:
        if life.refused(BOOK):
            assert {(life.doctor, _instant(life.slot)), (life.patient, _instant(life.slot))} & taken, life


def check_bills(books: Books, lives: Sequence[Life]) -> None:
    bills = _by_id(books, "billing", "bills")
    answered = _by_what_they_made(lives, BILL)
    assert answered.keys() <= bills.keys()
    for id, life in answered.items():
        assert [bills[id]["appointment_id"]] == life.made(BOOK), life
        assert (bills[id]["total"], bills[id]["status"] == "VOID" and not life.voids) == (100_000, False), life
    assert [life for life in lives if life.refused(BILL)] == []
    unknown = Counter(life.made(BOOK)[0] for life in lives if life.made(BOOK) and f"{BILL} 0" not in life.answered)
    assert Counter(bill["appointment_id"] for id, bill in bills.items() if id not in answered) <= unknown
    assert all(bills[id]["status"] == "VOID" for life in lives for id in life.made(VOID))


def check_payments(books: Books, lives: Sequence[Life]) -> None:
    payments = _by_id(books, "billing", "payments")
    answered = _by_what_they_made(lives, PAY)
    assert answered.keys() <= payments.keys()
    for life in lives:
        for id, end in life.ends().items():
            ends = {end} if life.is_over or end != "SUCCESS" else {"SUCCESS", "REFUNDED"}
            assert payments[id]["status"] in ends, (life, payments[id])
            assert [payments[id]["bill_id"]] == life.made(BILL), life
        assert set(life.made(REFUND)) <= life.ends().keys(), life
    unknown = Counter({life.made(BILL)[0]: _unanswered(life) for life in lives if life.made(BILL)})
    assert Counter(payment["bill_id"] for id, payment in payments.items() if id not in answered) <= unknown


def _by_what_they_made(lives: Sequence[Life], mutation: str) -> dict[str, Life]:
    """By id; nobody was answered the same for two."""
    made = [(id, life) for life in lives for id in life.made(mutation)]
    assert len(dict(made)) == len(made)
    return dict(made)


def _unanswered(life: Life) -> int:
    """Payments that were asked for, and nobody knows of."""
    return sum(f"{PAY} {place}" not in life.answered for place in range(len(life.payments)))


def _by_id(books: Books, database: str, table: str) -> dict[str, Row]:
    return {row["id"]: row for row in books.rows(database, f"SELECT * FROM {table}")}  # noqa: S608


def _wanted(life: Life) -> tuple[str, str, str]:
    return life.doctor, life.patient, _instant(life.slot)


def _booked(visit: Row) -> tuple[str, str, str]:
    return visit["doctor_id"], visit["patient_id"], visit["slot"]


def _instant(slot: str) -> str:
    return slot.replace("T", " ").removesuffix("Z") + ".000000"
