"""The report: sums of sums, by day and doctor, in one statement."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from subgraphs.billing.app import build
from subgraphs.kernel.ids import new_id
from tests.subgraphs.billing.conftest import House

REPORT = """
query ($from: Date!, $to: Date!) {
  billingReport(from: $from, to: $to) {
    from to billed collected outstanding claimed byDay { day billed collected }
    byDoctor { doctorId doctor { id } billed collected }
  }
}
"""


async def report(house, first="2026-03-01", last="2026-03-31"):
    return (await house.ask(REPORT, house.clerk, **{"from": first, "to": last}))["billingReport"]


async def test_it_counts_what_was_billed_collected_claimed_and_is_owed_still(house, clock):
    patient, doctors = await house.patient(), sorted(new_id() for _ in range(2))
    first = await house.bill(await house.visit(patient, doctor_id=doctors[0]))
    second = await house.bill(await house.visit(patient, doctor_id=doctors[1]), drugs="0")
    wrong = await house.bill(await house.visit(patient, doctor_id=doctors[1]))
    await house.done("voidBill", id=wrong["id"], reason="Wrong")
    claim = await house.claim(first, await house.policy(patient), "500")
    await house.paid(first, method="INSURANCE", claimId=claim["id"])
    clock.move(timedelta(days=1))
    paid = (await house.paid(second))["payment"]
    await house.paid(first, amount="100")
    await house.refund(paid)
    assert await report(house) == {
        "from": "2026-03-01",
        "to": "2026-03-31",
        "billed": "1100.00",
        "collected": "600.00",
        "outstanding": "500.00",
        "claimed": "800.00",
        "byDay": [
            {"day": "2026-03-02", "billed": "1100.00", "collected": "500.00"},
            {"day": "2026-03-03", "billed": "0.00", "collected": "100.00"},
        ],
        "byDoctor": [
            {"doctorId": doctors[0], "doctor": {"id": doctors[0]}, "billed": "1000.00", "collected": "600.00"},
            {"doctorId": doctors[1], "doctor": {"id": doctors[1]}, "billed": "100.00", "collected": "0.00"},
        ],
    }
    only = await report(house, "2026-03-03", "2026-03-03")
    assert (only["billed"], only["collected"], only["outstanding"]) == ("0.00", "100.00", "0.00")


async def test_days_are_the_hospitals(make_base, signer, ask, clock):
    house = House(build(await make_base("billing", time_zone="Asia/Kolkata")), signer.bearer, ask)
    clock.at = datetime(2026, 3, 2, 18, 29, tzinfo=UTC)
    await house.bill()
    clock.move(timedelta(minutes=1))
    await house.bill()
    assert [day["day"] for day in (await report(house))["byDay"]] == ["2026-03-02", "2026-03-03"]


async def test_a_hospital_without_bills_has_a_report_of_nothing(house):
    found = await report(house)
    assert {found[name] for name in ("billed", "collected", "outstanding", "claimed")} == {"0.00"}
    assert (found["byDay"], found["byDoctor"]) == ([], [])


@pytest.mark.parametrize(
    ("first", "last"), [("2026-03-02", "2026-03-01"), ("2026-01-01", "2027-01-02"), ("0001-01-01", "9999-12-31")]
)
async def test_a_range_that_is_empty_or_too_long_is_refused(house, first, last):
    assert await house.refused(REPORT, house.clerk, **{"from": first, "to": last}) == "BAD_USER_INPUT"
    assert (await report(house, "2026-01-01", "2027-01-01"))["billed"] == "0.00"


async def test_it_takes_one_statement_whatever_there_is(house, statements, clock):
    for number in range(3):
        bill = await house.bill()
        await house.paid(bill, method="CASH", amount=str(number + 1))
        clock.move(timedelta(days=1))
        statements.clear()
        found = await report(house)
        assert len(statements) == 1
        for name in ("billed", "collected"):
            whole = Decimal(found[name])
            for parts in ("byDay", "byDoctor"):
                assert sum(Decimal(part[name]) for part in found[parts]) == whole


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR", "RECEPTIONIST", "AUDITOR"])
async def test_it_is_for_the_billing_desk_and_admins(house, role):
    bearer = house.bearer(role, patient_id=new_id()) if role == "PATIENT" else house.bearer(role)
    days = {"from": "2026-03-01", "to": "2026-03-31"}
    assert await house.refused(REPORT, bearer, **days) == "FORBIDDEN"
    assert await house.refused(REPORT, None, **days) == "UNAUTHENTICATED"
    assert (await house.ask(REPORT, house.bearer("ADMIN"), **days))["billingReport"]
