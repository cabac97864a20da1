"""Making bills and voiding them: numbers, amounts, one bill an appointment."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from subgraphs.billing.app import build
from subgraphs.billing.tables import NumberRow
from tests.subgraphs.billing.conftest import House, codes, fields


async def test_it_bills_an_accepted_appointment_with_the_fee_as_booked(house):
    patient = await house.patient()
    bill = await house.bill(await house.visit(patient))
    assert bill == {
        "id": bill["id"],
        "number": "2026-000001",
        "status": "PENDING",
        "drugsAmount": "900.00",
        "consultationFee": "100.00",
        "total": "1000.00",
        "amountPaid": "0.00",
        "balance": "1000.00",
        "currency": "INR",
        "patientEmail": "h@example.com",
    }
    [(kind, fact)] = await house.outbox()
    assert (kind, fact["bill_number"], fact["total"], fact["patient_id"]) == (
        "bill.created",
        "2026-000001",
        "1000.00",
        patient,
    )


async def test_a_fee_that_is_given_is_taken(house):
    assert (await house.bill(drugs="0", consultationFee="0.005"))["total"] == "0.00"
    assert (await house.bill(consultationFee="50.015"))["consultationFee"] == "50.02"


@pytest.mark.parametrize("given", ["-0.01", "1000000000.01", "999999999999999999999999999999", "-1"])
async def test_it_refuses_amounts_that_are_none(house, given):
    payload = await house.do("createBill", appointmentId=await house.visit(), drugsAmount=given, consultationFee=given)
    assert codes(payload) == ["INVALID_INPUT"] * 2
    assert fields(payload) == [["drugsAmount"], ["consultationFee"]]
    assert "1000000000.00" in payload["errors"][0]["message"]
    assert await house.outbox() == []


async def test_a_bill_is_never_more_than_can_be_paid_in_one_sum(house):
    half, visit = "500000000.01", await house.visit()
    payload = await house.do("createBill", appointmentId=visit, drugsAmount=half, consultationFee=half)
    assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [["drugsAmount"]])
    assert await house.outbox() == []
    bill = await house.bill(visit, drugsAmount="500000000.00", consultationFee="500000000.00")
    assert (await house.paid(bill, amount="1000000000.00"))["bill"]["status"] == "PAID"


@pytest.mark.parametrize("status", ["PENDING", "REJECTED", "CANCELLED", "NO_SHOW"])
async def test_it_bills_from_accepted_on(house, status):
    visit = await house.visit(status=status)
    payload = await house.do("createBill", appointmentId=visit, drugsAmount="1")
    assert (codes(payload), fields(payload)) == (["INVALID_TRANSITION"], [["appointmentId"]])


@pytest.mark.parametrize("status", ["CHECKED_IN", "COMPLETED"])
async def test_it_bills_what_has_begun(house, status):
    assert (await house.bill(await house.visit(status=status)))["number"] == "2026-000001"


async def test_an_unknown_appointment_is_not_found(house):
    for id in ("nobody", "01900000-0000-7000-8000-000000000000"):
        payload = await house.do("createBill", appointmentId=id, drugsAmount="1")
        assert (codes(payload), fields(payload)) == (["NOT_FOUND"], [["appointmentId"]])


async def test_what_is_on_its_way_is_waited_for(house):
    """Both an appointment that was not heard of, and its acceptance."""
    visit = await house.visit(status="PENDING")
    patient = await house.patient()
    for id in (visit, "01900000-0000-7000-8000-000000000001"):

        async def bring(keys, id: str = id) -> None:
            await house.visit(patient, id)

        house.base.arrivals.bring = bring
        assert codes(await house.do("createBill", appointmentId=id, drugsAmount="1")) == []


async def test_an_appointment_has_one_bill_and_a_new_one_when_that_is_void(house):
    visit = await house.visit()
    first = await house.bill(visit)
    assert codes(await house.do("createBill", appointmentId=visit, drugsAmount="1")) == ["ALREADY_BILLED"]
    await house.done("voidBill", id=first["id"], reason="Wrong amount")
    assert (await house.read(first))["status"] == "VOID"
    again = await house.bill(visit)
    assert (first["number"], again["number"]) == ("2026-000001", "2026-000002")
    assert await house.announced() == ["bill.created", "bill.voided", "bill.created"]


async def test_what_is_void_stays_so(house):
    bill = await house.bill()
    await house.done("voidBill", id=bill["id"], reason="Wrong amount")
    assert codes(await house.do("voidBill", id=bill["id"], reason="Wrong amount")) == ["INVALID_TRANSITION"]
    assert codes(await house.pay(bill)) == ["INVALID_TRANSITION"]


async def test_voiding_wants_a_reason(house):
    bill = await house.bill()
    for reason in ("", "  ", "x" * 1001, "\0"):
        payload = await house.do("voidBill", id=bill["id"], reason=reason)
        assert (codes(payload), fields(payload)) == (["INVALID_INPUT"], [["reason"]])


async def test_a_bill_of_nothing_is_paid_and_can_be_voided(house):
    bill = await house.bill(drugs="0", consultationFee="0")
    assert bill["status"] == "PAID"
    assert codes(await house.pay(bill)) == ["ALREADY_PAID"]
    assert codes(await house.do("voidBill", id=bill["id"], reason="Wrong amount")) == []


async def test_fifty_at_once_are_numbered_without_gaps_also_when_some_fail(house):
    visits = [await house.visit() for _ in range(50)]
    twice = [await house.visit() for _ in range(5)]
    payloads = await asyncio.gather(
        *(house.do("createBill", appointmentId=visit, drugsAmount="1") for visit in (*visits, *twice, *twice)),
        *(house.do("createBill", appointmentId=visit, drugsAmount="-1") for visit in visits[:10]),
    )
    made = sorted(payload["bill"]["number"] for payload in payloads if payload["bill"])
    assert made == [f"2026-{place:06d}" for place in range(1, 56)]
    refused = Counter(code for payload in payloads for code in codes(payload))
    assert refused == {"ALREADY_BILLED": 5, "INVALID_INPUT": 10}


async def test_a_bill_that_fails_behind_its_number_gives_it_back(house, monkeypatch):
    """A counter outside the transaction of the bill would be one ahead now."""

    async def broken(*arguments) -> None:
        raise OSError("the disk is full")

    visit = await house.visit()
    with monkeypatch.context() as patched:
        patched.setattr("subgraphs.billing.service.billing.flush_claims", broken)
        document = house.document("createBill")
        assert (
            await house.refused(document, house.clerk, input={"appointmentId": visit, "drugsAmount": "1"})
            == "INTERNAL_SERVER_ERROR"
        )
    assert await house.rows(NumberRow) == []
    assert (await house.bill(visit))["number"] == "2026-000001"


async def test_the_year_is_that_of_the_hospitals_zone(make_base, signer, ask, clock):
    house = House(build(await make_base("billing", time_zone="Asia/Kolkata")), signer.bearer, ask)
    clock.at = datetime(2026, 12, 31, 18, 29, tzinfo=UTC)
    assert (await house.bill())["number"] == "2026-000001"
    clock.move(timedelta(minutes=1))
    assert [(await house.bill())["number"] for _ in range(2)] == ["2027-000001", "2027-000002"]


async def test_twenty_equal_requests_with_one_key_make_one_bill(house):
    visit = await house.visit()
    wanted = {"appointmentId": visit, "drugsAmount": "900", "idempotencyKey": "the same"}
    first, *others = await asyncio.gather(*(house.do("createBill", **wanted) for _ in range(20)))
    assert first["errors"] == []
    assert all(other == first for other in others)
    other = await house.do("createBill", **(wanted | {"drugsAmount": "901"}))
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]
    assert await house.announced() == ["bill.created"]


async def test_a_currency_without_smaller_units_is_rounded_to_whole_ones(make_base, signer, ask):
    house = House(build(await make_base("billing", currency="JPY")), signer.bearer, ask)
    bill = await house.bill(drugs="900.5", consultationFee="101.5")
    assert (bill["drugsAmount"], bill["consultationFee"], bill["currency"]) == ("900.00", "102.00", "JPY")
