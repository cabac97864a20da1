"""Fifty clients at once want the same money; what became of it is counted in the files, by none of billing's code."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.books import Books, Row, check_money
from tests.e2e.crowd import crowd
from tests.e2e.hospital import Hospital, OneProcess, Person, open_hospital
from tests.e2e.tellings import check_events

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("money at once")]

CLIENTS = 50
PAYMENT = "payment { id status amount }"
_keys = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hospital(new_folder: Callable[[], Path]) -> AsyncIterator[OneProcess]:
    """One with nothing in it but what happens here."""
    async with open_hospital(new_folder()) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def visits(hospital: Hospital) -> AsyncIterator[Any]:
    """Accepted appointments, each of a patient of their own: as many as a test takes of them."""
    doctor = await hospital.doctor(slotMinutes=15)
    free = iter(await hospital.slots(doctor))

    async def accepted(patient: Person, slot: str) -> tuple[Person, str]:
        visit = (await hospital.booked(patient, doctor, slot))["id"]
        await hospital.done("acceptAppointment", doctor.bearer, id=visit)
        return patient, str(visit)

    async def take(number: int) -> list[tuple[Person, str]]:
        people = await crowd(hospital, number)
        return await asyncio.gather(*(accepted(person, next(free)) for person in people))

    yield take


@pytest_asyncio.fixture(loop_scope="session")
async def books(hospital: OneProcess) -> AsyncIterator[Books]:
    """Whatever a test does, they add up in the end."""
    opened = Books(hospital.runtime.folder.path)
    yield opened
    await hospital.settled()
    check_money(opened)
    check_events(opened)


def clerk(hospital: Hospital) -> str:
    return hospital.staff["BILLING_CLERK"].bearer


async def billed(hospital: Hospital, some: Sequence[tuple[Person, str]]) -> list[str]:
    """The ids of bills of 1000 for these visits."""
    given = {"drugsAmount": "900", "consultationFee": "100"}
    making = (hospital.done("createBill", clerk(hospital), "bill { id }", appointmentId=id, **given) for _, id in some)
    return [bill["id"] for bill in await asyncio.gather(*making)]


def pay(hospital: Hospital, bearer: str, bill: str, **given: Any) -> Awaitable[Any]:
    wanted = {"billId": bill, "method": "CARD", "idempotencyKey": f"at once {next(_keys)}"} | given
    return hospital.do("payBill", bearer, PAYMENT, **wanted)


def refused(payloads: Sequence[Any]) -> Counter[str]:
    return Counter(error["code"] for payload in payloads for error in payload["errors"])


def payments_of(books: Books, bill: str) -> list[Row]:
    return books.rows("billing", "SELECT * FROM payments WHERE bill_id = ?", bill)


def bill_of(books: Books, bill: str) -> Row:
    [row] = books.rows("billing", "SELECT * FROM bills WHERE id = ?", bill)
    return row


async def test_five_bills_that_ten_clients_each_pay_at_once_are_paid_once(
    hospital: Hospital, visits: Any, books: Books
):
    some = await visits(5)
    bills = await billed(hospital, some)
    asked = [(person.bearer, bill) for (person, _), bill in zip(some, bills, strict=True) for _ in range(10)]
    payloads = await asyncio.gather(*(pay(hospital, bearer, bill) for bearer, bill in asked))
    assert len(payloads) == CLIENTS
    assert refused(payloads).total() == 45
    assert refused(payloads).keys() <= {"ALREADY_PAID", "AMOUNT_EXCEEDS_BALANCE"}
    for bill in bills:
        assert [(row["status"], row["amount"]) for row in payments_of(books, bill)] == [("SUCCESS", 100_000)]
        assert bill_of(books, bill)["status"] == "PAID"


async def test_fifty_parts_at_once_take_what_there_is_and_no_more(hospital: Hospital, visits: Any, books: Books):
    [(person, visit)] = await visits(1)
    [bill] = await billed(hospital, [(person, visit)])
    asked = [clerk(hospital), person.bearer] * (CLIENTS // 2)
    payloads = await asyncio.gather(*(pay(hospital, bearer, bill, amount="30") for bearer in asked))
    assert refused(payloads) == {"AMOUNT_EXCEEDS_BALANCE": 17}
    assert Counter((row["status"], row["amount"]) for row in payments_of(books, bill)) == {("SUCCESS", 3_000): 33}
    row = bill_of(books, bill)
    assert (row["paid"], row["status"]) == (99_000, "PARTIALLY_PAID")


async def test_what_parts_that_fail_leave_is_free_for_others(hospital: Hospital, visits: Any, books: Books):
    [(person, visit)] = await visits(1)
    [bill] = await billed(hospital, [(person, visit)])
    tokens = ["fail", "succeed"] * (CLIENTS // 2)
    asked = (pay(hospital, person.bearer, bill, amount="100", paymentMethodToken=token) for token in tokens)
    payloads = await asyncio.gather(*asked)
    made = Counter(payload["payment"]["status"] for payload in payloads if payload["payment"])
    assert Counter(row["status"] for row in payments_of(books, bill)) == made
    rest = await asyncio.gather(*(pay(hospital, person.bearer, bill, amount="100") for _ in range(10)))
    assert made["SUCCESS"] + sum(payload["errors"] == [] for payload in rest) == 10
    assert (bill_of(books, bill)["paid"], bill_of(books, bill)["status"]) == (100_000, "PAID")


async def test_ten_payments_that_five_clients_each_give_back_at_once_are_given_back_once(
    hospital: Hospital, visits: Any, books: Books
):
    some = await visits(10)
    bills = await billed(hospital, some)
    paid = await asyncio.gather(*(pay(hospital, clerk(hospital), bill) for bill in bills))
    given = [
        {"paymentId": one["payment"]["id"], "reason": "Wrong", "idempotencyKey": f"back {next(_keys)}"}
        for one in paid
        for _ in range(5)
    ]
    payloads = await asyncio.gather(
        *(hospital.do("refundPayment", clerk(hospital), PAYMENT, **wanted) for wanted in given)
    )
    assert refused(payloads) == {"INVALID_TRANSITION": 40}
    for bill in bills:
        assert [row["status"] for row in payments_of(books, bill)] == ["REFUNDED"]
        assert (bill_of(books, bill)["paid"], bill_of(books, bill)["status"]) == (0, "PENDING")
    backwards = "SELECT count(*) FROM ledger_entries WHERE account = 'CARD_CLEARING' AND amount < 0"
    assert books.count("billing", backwards) == 10


async def test_a_bill_that_is_voided_and_paid_at_once_is_one_of_both(hospital: Hospital, visits: Any, books: Books):
    some = await visits(CLIENTS // 2)
    bills = await billed(hospital, some)
    voiding = [hospital.do("voidBill", clerk(hospital), "bill { id }", id=bill, reason="Wrong") for bill in bills]
    paying = [pay(hospital, person.bearer, bill) for (person, _), bill in zip(some, bills, strict=True)]
    pairs = enumerate(zip(voiding, paying, strict=True))
    payloads = await asyncio.gather(*(one for place, pair in pairs for one in (pair[::-1] if place % 2 else pair)))
    assert sum(payload["errors"] == [] for payload in payloads) == CLIENTS // 2
    ended = Counter(
        (bill_of(books, bill)["status"], tuple(row["status"] for row in payments_of(books, bill))) for bill in bills
    )
    assert ended.keys() <= {("VOID", ()), ("PAID", ("SUCCESS",))}
    assert ended.total() == CLIENTS // 2


async def test_fifty_bills_at_once_are_numbered_without_gaps_though_some_fail(
    hospital: Hospital, visits: Any, books: Books
):
    some = await visits(30)
    before = books.count("billing", "SELECT count(*) FROM bills")
    twice = [{"appointmentId": id, "drugsAmount": "900", "consultationFee": "100"} for _, id in [*some, *some[:10]]]
    bad = [{"appointmentId": id, "drugsAmount": "-1"} for _, id in some[10:20]]
    wanted = [one for pair in zip(twice, [*bad, *([None] * 30)], strict=True) for one in pair if one]
    assert len(wanted) == CLIENTS
    payloads = await asyncio.gather(
        *(hospital.do("createBill", clerk(hospital), "bill { number }", **given) for given in wanted)
    )
    numbers = sorted(payload["bill"]["number"] for payload in payloads if payload["bill"])
    assert refused(payloads) == {"ALREADY_BILLED": 10, "INVALID_INPUT": 10}
    assert [int(number.partition("-")[2]) for number in numbers] == list(range(before + 1, before + 31))
    assert books.count("billing", "SELECT count(*) FROM bills") == before + 30
