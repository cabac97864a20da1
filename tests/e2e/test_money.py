"""Bills and payments as people live them, and the faults that were seen with them elsewhere: impossible here."""

import asyncio
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.facts import Facts, changed
from tests.e2e.hospital import Hospital, OneProcess, Person

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("money")]

BILL = "bill { id number status total amountPaid balance currency patientEmail }"
PAYMENT = f"payment {{ id status amount method }} {BILL}"
_keys = count(1)


def clerk(hospital: Hospital) -> str:
    return hospital.staff["BILLING_CLERK"].bearer


async def accepted(hospital: Hospital, patient: Person, doctor: Person, place: int = 0) -> str:
    """The id of an appointment that the doctor has accepted."""
    slots = await hospital.slots(doctor, days=2)
    visit = (await hospital.booked(patient, doctor, slots[place]))["id"]
    await hospital.done("acceptAppointment", doctor.bearer, id=visit)
    return str(visit)


async def billed(hospital: Hospital, visit: str, **given: Any) -> Any:
    wanted = {"appointmentId": visit, "drugsAmount": "900", "consultationFee": "100"} | given
    return await hospital.done("createBill", clerk(hospital), BILL, **wanted)


async def pay(hospital: Hospital, bearer: str, bill: Any, **given: Any) -> Any:
    known = {"billId": bill["id"], "method": "CARD", "idempotencyKey": f"money {next(_keys)}"}
    return await hospital.do("payBill", bearer, PAYMENT, **(known | given))


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(hospital: Hospital) -> tuple[Person, Person]:
    return await hospital.patient("Huzaifa"), await hospital.doctor("Dr. Huzaifa", consultationFee="250.00")


async def test_a_bill_of_drugs_and_consultation_is_made_and_paid(hospital: Hospital):
    patient, doctor = await hospital.patient("Huzaifa"), await hospital.doctor("Dr. Huzaifa")
    bill = await billed(hospital, await accepted(hospital, patient, doctor))
    assert (bill["total"], bill["status"], bill["patientEmail"]) == ("1000.00", "PENDING", patient.email)
    paid = await pay(hospital, patient.bearer, bill)
    assert (codes(paid), paid["payment"]["status"], paid["bill"]["status"]) == ([], "SUCCESS", "PAID")

    document = """
    query ($id: ID!) {
      patient(id: $id) {
        bills { totalCount nodes { number status payments { amount } appointment { status doctor { name } } } }
      }
    }
    """
    for bearer in (patient.bearer, clerk(hospital), hospital.admin):
        [seen] = (await hospital.data(document, bearer, id=patient.id))["patient"]["bills"]["nodes"]
        assert seen == {
            "number": bill["number"],
            "status": "PAID",
            "payments": [{"amount": "1000.00"}],
            "appointment": {"status": "ACCEPTED", "doctor": {"name": "Dr. Huzaifa"}},
        }
    for bearer in (doctor.bearer, hospital.desk):
        assert (await hospital.data(document, bearer, id=patient.id))["patient"] == {"bills": None}


async def test_every_bill_and_payment_is_found_in_the_audit_trail(hospital: Hospital, people: tuple[Person, Person]):
    patient, doctor = people
    bill = await billed(hospital, await accepted(hospital, patient, doctor))
    await pay(hospital, patient.bearer, bill, paymentMethodToken="fail")
    payment = (await pay(hospital, patient.bearer, bill))["payment"]
    refund = {"paymentId": payment["id"], "reason": "Wrong card", "idempotencyKey": "audit"}
    await hospital.done("refundPayment", clerk(hospital), PAYMENT, **refund)
    await hospital.done("voidBill", clerk(hospital), BILL, id=bill["id"], reason="Wrong amount")
    told = [
        (event["type"], event["outcome"], event["actorRole"], event["reason"])
        for event in reversed(await hospital.trail(patientId=patient.id))
        if event["resourceType"] in {"Bill", "Payment"}
    ]
    assert told == [
        ("bill.created", "SUCCESS", "BILLING_CLERK", None),
        ("payment.failed", "FAILED", "PATIENT", "The card was declined."),
        ("bill.paid", "SUCCESS", "PATIENT", None),
        ("payment.refunded", "SUCCESS", "BILLING_CLERK", "Wrong card"),
        ("bill.voided", "SUCCESS", "BILLING_CLERK", "Wrong amount"),
    ]


async def test_a_bill_has_the_fee_of_the_booking_right_after_the_doctor_accepted(hospital: Hospital):
    """Also when the fee was raised meanwhile; and the copy of the acceptance is there before its answer."""
    patient, doctor = await hospital.patient(), await hospital.doctor(consultationFee="250.00")
    [slot, *_] = await hospital.slots(doctor, days=1)
    visit = (await hospital.booked(patient, doctor, slot))["id"]
    pending = await hospital.do("createBill", clerk(hospital), BILL, appointmentId=visit, drugsAmount="0")
    assert codes(pending) == ["INVALID_TRANSITION"]
    await hospital.done("updateDoctor", hospital.admin, "doctor { id }", id=doctor.id, consultationFee="300.00")
    await hospital.done("acceptAppointment", doctor.bearer, id=visit)
    assert (await billed(hospital, visit, consultationFee=None))["total"] == "1150.00"


async def test_one_bill_paid_ten_times_at_once_is_paid_and_announced_once(
    hospital: Hospital, people: tuple[Person, Person]
):
    bill = await billed(hospital, await accepted(hospital, *people, place=1))
    answers = await asyncio.gather(*(pay(hospital, people[0].bearer, bill) for _ in range(10)))
    assert sum(codes(answer) == [] for answer in answers) == 1
    refused = {code for answer in answers for code in codes(answer)}
    assert refused <= {"ALREADY_PAID", "AMOUNT_EXCEEDS_BALANCE"}
    seen = await hospital.data(
        "query ($id: ID!) { bill(id: $id) { amountPaid payments { status } } }", people[0].bearer, id=bill["id"]
    )
    assert seen["bill"] == {"amountPaid": "1000.00", "payments": [{"status": "SUCCESS"}]}
    assert [event["type"] for event in await hospital.trail(resourceId=bill["id"])] == ["bill.paid", "bill.created"]


async def test_paying_twice_with_one_key_pays_once_and_is_announced_once(
    hospital: Hospital, people: tuple[Person, Person]
):
    bill = await billed(hospital, await accepted(hospital, *people, place=2))
    first, second = [
        await pay(hospital, people[0].bearer, bill, amount="400", idempotencyKey="twice") for _ in range(2)
    ]
    assert first == second
    assert (first["bill"]["amountPaid"], first["bill"]["status"]) == ("400.00", "PARTIALLY_PAID")
    assert len(await hospital.trail(resourceId=bill["id"], type="bill.paid")) == 1


@pytest.mark.one_process
async def test_a_negative_bill_is_refused_and_so_is_what_is_no_amount(
    hospital: OneProcess, people: tuple[Person, Person]
):
    visit = await accepted(hospital, *people, place=3)
    facts = Facts(hospital.runtime.folder.path)
    await hospital.settled()
    before = facts.digests()
    for amount in ("-1", "-0.01", "1000000000.01", "9" * 30):
        wanted = {"appointmentId": visit, "drugsAmount": amount}
        assert codes(await hospital.do("createBill", clerk(hospital), BILL, **wanted)) == ["INVALID_INPUT"], amount
    for amount in ("NaN", "Infinity", "1e3", "", "1,000.00", 5, 5.5, "9" * 31):
        answer = await hospital.ask_to("createBill", clerk(hospital), BILL, appointmentId=visit, drugsAmount=amount)
        assert answer.codes == ["BAD_USER_INPUT"], amount
    assert changed(before, facts.digests()) == set()
    facts.close()


async def test_a_strangers_bill_is_neither_paid_nor_read(hospital: Hospital, people: tuple[Person, Person]):
    bill = await billed(hospital, await accepted(hospital, *people, place=4))
    stranger = await hospital.patient()
    document = "query ($id: ID!) { bill(id: $id) { total } bills { totalCount } }"
    assert await hospital.data(document, stranger.bearer, id=bill["id"]) == {"bill": None, "bills": {"totalCount": 0}}
    unknown = {"id": "01900000-0000-7000-8000-000000000000"}
    refused = [await pay(hospital, stranger.bearer, one) for one in (bill, unknown)]
    assert refused[0] == refused[1]
    assert codes(refused[0]) == ["NOT_FOUND"]
    seen = await hospital.data("query ($id: ID!) { bill(id: $id) { status } }", people[0].bearer, id=bill["id"])
    assert seen == {"bill": {"status": "PENDING"}}


async def test_a_patients_bills_are_a_page_of_their_own_and_not_everybodys(hospital: Hospital):
    """It costs one statement of billing, whoever else has bills."""
    patient, doctor = await hospital.patient(), await hospital.doctor(slotMinutes=15)
    for place in range(3):
        await billed(hospital, await accepted(hospital, patient, doctor, place))
    document = "query ($id: ID!) { patient(id: $id) { bills(first: 2) { nodes { patientEmail } totalCount } } }"
    found = (await hospital.data(document, clerk(hospital), id=patient.id))["patient"]["bills"]
    assert found == {"nodes": [{"patientEmail": patient.email}] * 2, "totalCount": 3}


async def test_an_insurer_pays_its_share(hospital: Hospital):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    bill = await billed(hospital, await accepted(hospital, patient, doctor))
    today = hospital.clock.now().date()
    days = {"validFrom": str(today - timedelta(days=1)), "validTo": str(today + timedelta(days=1))}
    insured = {"insurer": "Star Health", "policyNumber": "SH-1", "coveragePercent": "80", **days}
    bearer = clerk(hospital)
    policy = await hospital.done("addInsurancePolicy", bearer, "policy { id }", patientId=patient.id, **insured)
    about = {"billId": bill["id"], "policyId": policy["id"]}
    claim = await hospital.done("submitInsuranceClaim", bearer, "claim { id amount }", **about)
    assert claim["amount"] == "800.00"
    decided = {"id": claim["id"], "approvedAmount": "600"}
    await hospital.done("decideInsuranceClaim", bearer, "claim { id }", **decided)
    await pay(hospital, bearer, bill, method="INSURANCE", claimId=claim["id"])
    rest = await pay(hospital, patient.bearer, bill, method="UPI")
    assert (rest["payment"]["amount"], rest["bill"]["status"]) == ("400.00", "PAID")
    document = "query ($id: ID!) { insuranceClaim(id: $id) { status approvedAmount policy { patient { name } } } }"
    seen = (await hospital.data(document, patient.bearer, id=claim["id"]))["insuranceClaim"]
    assert seen == {"status": "PAID", "approvedAmount": "600.00", "policy": {"patient": {"name": "Huzaifa"}}}


@pytest.mark.one_process
async def test_a_payment_without_an_answer_is_asked_about_by_the_timer(hospital: OneProcess):
    patient, doctor = await hospital.patient(), await hospital.doctor()
    bill = await billed(hospital, await accepted(hospital, patient, doctor))
    pending = await pay(hospital, patient.bearer, bill, paymentMethodToken="late")
    assert (pending["payment"]["status"], pending["bill"]["status"]) == ("PENDING", "PENDING")
    document = "query ($id: ID!) { bill(id: $id) { status } }"
    async with hospital.later(timedelta(seconds=40)):
        for _ in range(50):
            seen = await hospital.data(document, patient.bearer, id=bill["id"])
            if seen["bill"]["status"] == "PAID":
                break
            await asyncio.sleep(0.2)
    assert seen["bill"]["status"] == "PAID"


async def test_the_report_of_today_adds_up(hospital: Hospital):
    today = str(hospital.clock.now().date())
    document = """
    query ($day: Date!) {
      billingReport(from: $day, to: $day) {
        billed collected outstanding byDay { day billed } byDoctor { doctor { name } billed }
      }
    }
    """
    found = (await hospital.data(document, clerk(hospital), day=today))["billingReport"]
    whole = float(found["billed"])
    assert whole > 0
    assert sum(float(part["billed"]) for part in found["byDoctor"]) == whole
    assert [(part["day"], float(part["billed"])) for part in found["byDay"]] == [(today, whole)]
    assert all(part["doctor"]["name"] for part in found["byDoctor"])
