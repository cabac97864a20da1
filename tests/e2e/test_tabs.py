"""GraphiQL's tabs tell one visit: each operation is run from its tab, in order, by whom it is for."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.hospital import PASSWORD, Hospital, open_hospital
from tests.e2e.sockets import listening_to
from tests.e2e.tabs import tabs_on

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("tabs")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hospital(new_folder: Callable[[], Path]) -> AsyncIterator[Hospital]:
    """One with nothing in it but this visit: screens show all that is there."""
    async with open_hospital(new_folder()) as opened:
        yield opened


class Reader:
    """Somebody who goes from tab to tab, and writes what one has shown into the next."""

    def __init__(self, hospital: Hospital) -> None:
        self.hospital, self.tabs = hospital, tabs_on(hospital.clock.now())

    async def data(self, operation: str, bearer: str | None = None, **filled: Any) -> Any:
        """Of the operation's only field; every error in it is a failure."""
        body = self.tabs.request(operation, **filled)
        return (await self.hospital.post(body, bearer)).data

    async def done(self, operation: str, bearer: str | None = None, **filled: Any) -> Any:
        """The payload of a mutation that nobody refused."""
        [payload] = (await self.data(operation, bearer, **filled)).values()
        assert payload["errors"] == [], payload
        return payload


async def test_the_tabs_tell_a_visit_from_sign_up_to_the_audit_trail(hospital: Hospital):
    await told(Reader(hospital))


async def told(reader: Reader) -> None:
    """The visit from its first tab to its last, in a hospital with nothing else in it."""
    doctor = await reader.hospital.doctor("Dr. Huzaifa", specialty="Podiatry")
    patient = await signed_up(reader)
    visit = await booked(reader, patient)
    await accepted(reader, patient, doctor.bearer, visit)
    record = await treated(reader, doctor.bearer, visit)
    bill = await billed(reader, visit)
    await paid(reader, patient, bill)
    await looked_into(reader, visit, record, bill)
    assert list(dict.fromkeys(reader.tabs.asked)) == list(reader.tabs.by_operation)


async def signed_up(reader: Reader) -> str:
    login = {"email": "from.the.tabs@example.com", "password": PASSWORD}
    reader.tabs.request("signIn")  # whoever is new signs up first
    made = (await reader.done("signUp", **login))["patient"]
    session = (await reader.done("signIn", **login))["session"]
    bearer = f"Bearer {session['accessToken']}"
    viewer = (await reader.data("whoAmI", bearer))["viewer"]
    assert (viewer["patient"], viewer["account"]["role"]) == (made, "PATIENT")
    return bearer


async def booked(reader: Reader, patient: str) -> Any:
    """The one of two appointments that is not cancelled."""
    [found] = (await reader.data("findADoctor", specialty="Podiatry"))["doctors"]["nodes"]
    assert found["name"] == "Dr. Huzaifa"
    assert (await reader.data("departments"))["departments"]
    *_, other, slot = found["openSlots"]
    given = {"doctorId": found["id"], "slot": slot["start"]}
    visit = (await reader.done("book", patient, **given))["appointment"]
    again = (await reader.done("book", patient, **given))["appointment"]
    assert (visit, visit["status"]) == (again, "PENDING")
    given = {"doctorId": found["id"], "slot": other["start"], "key": "another"}
    not_wanted = (await reader.done("book", patient, **given))["appointment"]
    own = (await reader.data("myAppointments", patient))["viewer"]["patient"]["appointments"]
    assert [node["id"] for node in own["nodes"]] == [visit["id"], not_wanted["id"]]
    gone = (await reader.done("cancel", patient, id=not_wanted["id"]))["appointment"]
    assert gone["status"] == "CANCELLED"
    return visit


async def accepted(reader: Reader, patient: str, doctor: str, visit: Any) -> None:
    """And what the patient, who watches, hears of it."""
    hospital = reader.hospital
    cursor = (await hospital.data("{ appointmentChangesCursor }", patient))["appointmentChangesCursor"]
    watching = reader.tabs.request("watch", after=cursor)
    async with listening_to(hospital.url, patient, watching["query"], **watching["variables"]) as changes:
        requests = (await reader.data("requests", doctor))["viewer"]["doctor"]["appointments"]["nodes"]
        assert [node["id"] for node in requests] == [visit["id"]]
        now = (await reader.done("accept", doctor, id=visit["id"]))["appointment"]
        assert (now["status"], now["updatedAt"] > now["createdAt"]) == ("ACCEPTED", True)
        heard = await changes.next()
    assert (heard["previousStatus"], heard["status"]) == ("PENDING", "ACCEPTED")
    assert await refused(reader, "reject", doctor, id=visit["id"]) == ["INVALID_TRANSITION"]


async def treated(reader: Reader, doctor: str, visit: Any) -> Any:
    hospital = reader.hospital
    seen = await reader.data("frontDesk", hospital.desk)
    assert [node["id"] for node in seen["toCheckIn"]["nodes"]] == [visit["id"]]
    await reader.done("checkIn", hospital.desk, id=visit["id"])
    seen = await reader.data("frontDesk", hospital.desk)
    assert [seen[part]["totalCount"] for part in ("toCheckIn", "waiting", "all")] == [0, 1, 2]
    assert await refused(reader, "noShow", hospital.desk, id=visit["id"]) == ["INVALID_TRANSITION"]
    [waiting] = (await reader.data("doctorsDay", doctor))["viewer"]["doctor"]["appointments"]["nodes"]
    assert (waiting["patient"]["name"], waiting["patient"]["medicalRecords"]["nodes"]) == ("Huzaifa", [])
    done = (await reader.done("complete", doctor, id=visit["id"]))["appointment"]
    patient = done["patient"]["id"]
    record = (await reader.done("writeRecord", doctor, id=visit["id"], patientId=patient))["medicalRecord"]
    assert (record["diagnoses"][0]["code"], bool(record["revisitingDate"])) == ("Z00.00", True)
    return record


async def billed(reader: Reader, visit: Any) -> Any:
    """Partly paid: the insurance has sent its part."""
    clerk = reader.hospital.staff["BILLING_CLERK"].bearer
    treated = (await reader.data("billing", clerk))["treated"]["nodes"]
    assert [node["bill"] for node in treated if node["id"] == visit["id"]] == [None]
    bill = (await reader.done("bill", clerk, id=visit["id"]))["bill"]
    assert (bill["total"], bill["status"]) == ("900.00", "PENDING")
    policy = (await reader.done("insure", clerk, patientId=bill["patient"]["id"]))["policy"]
    claim = (await reader.done("claim", clerk, billId=bill["id"], policyId=policy["id"]))["claim"]
    assert claim["amount"] == "720.00"
    decided = (await reader.done("decide", clerk, claimId=claim["id"]))["claim"]
    assert decided == {"status": "PARTIALLY_APPROVED", "approvedAmount": "500.00"}
    got = (await reader.done("received", clerk, billId=bill["id"], claimId=claim["id"]))["bill"]
    assert got == {"status": "PARTIALLY_PAID", "balance": "400.00"}
    return bill


async def paid(reader: Reader, patient: str, bill: Any) -> None:
    await reader.hospital.settled()
    seen = await reader.data("myCare", patient)
    [own], [record] = (seen["viewer"]["patient"][part]["nodes"] for part in ("bills", "medicalRecords"))
    assert (own["id"], own["balance"], record["description"]) == (bill["id"], "400.00", "Routine checkup")
    assert {"bill.created", "appointment.accepted"} <= {event["type"] for event in seen["auditEvents"]["nodes"]}
    payment = await reader.done("pay", patient, billId=bill["id"])
    assert (payment["payment"]["amount"], payment["bill"]["status"]) == ("400.00", "PAID")
    await reader.hospital.all_sent()
    mails = (await reader.data("mailed", patient))["notifications"]["nodes"]
    assert {(mail["subject"], mail["status"]) for mail in mails} == {("Payment Status - SUCCESS", "SENT")}
    assert any("Amount: 400.0" in mail["body"] for mail in mails)


async def looked_into(reader: Reader, visit: Any, record: Any, bill: Any) -> None:
    hospital = reader.hospital
    await hospital.settled()
    seen = await reader.data("audit", hospital.auditor)
    assert seen["auditChain"]["intact"]
    assert seen["newest"]["nodes"][0]["sequence"] == seen["auditChain"]["length"]
    told = {id: await became(reader, id) for id in (visit["id"], record["id"], bill["id"])}
    assert told[visit["id"]] == [f"appointment.{deed}" for deed in ("completed", "checked_in", "accepted", "booked")]
    assert told[record["id"]] == ["medical_record.read", "medical_record.created"]
    assert "bill.created" in told[bill["id"]]
    house = await reader.data("admin", hospital.admin, email="from.the.tabs@example.com")
    assert (house["account"]["role"], len(house["notificationTemplates"])) == ("PATIENT", 24)
    assert (await reader.done("hire", hospital.admin, password=PASSWORD))["account"]["role"] == "RECEPTIONIST"
    preview = await reader.done("previewTemplate", hospital.admin)
    assert preview["body"] == "Come at 11:30.\n"


async def became(reader: Reader, id: str) -> list[str]:
    events = (await reader.data("whatBecameOf", reader.hospital.auditor, id=id))["auditEvents"]["nodes"]
    return [event["type"] for event in events]


async def refused(reader: Reader, operation: str, bearer: str, **filled: Any) -> list[str]:
    [payload] = (await reader.data(operation, bearer, **filled)).values()
    return [error["code"] for error in payload["errors"]]
