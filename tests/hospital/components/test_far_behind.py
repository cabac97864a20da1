"""Consumers that are hours behind: what was published long ago, and nobody has heard of, decides all the same."""

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel import update

from hospital.components import building
from hospital.components.building import House
from hospital.names import NAMES
from subgraphs.kernel.events import Actor
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import OutboxRow
from subgraphs.patients.events import PatientUpdated
from tests.e2e.hiring import CLERK, made, signed_in
from tests.e2e.hospital import PASSWORD, Gate
from tests.hospital.components.test_arriving import lost
from tests.hospital.components.test_components import hired

BREAK = 'mutation ($p: ID!) { breakGlass(input: {patientId: $p, reason: "Unconscious"}) { errors { code } } }'
ACCEPT = "mutation ($id: ID!) { acceptAppointment(input: {id: $id}) { errors { code } } }"
BILL = 'mutation ($id: ID!) { createBill(input: {appointmentId: $id, drugsAmount: "1"}) { errors { code } } }'
RECORD = "mutation ($i: CreateMedicalRecordInput!) { createMedicalRecord(input: $i) { errors { code } } }"
LOOK = "query ($id: ID!) { patient(id: $id) { name medicalRecords { nodes { description } } } }"
YEAR = {"validFrom": "2026-01-01", "validTo": "2036-12-31"}
POLICY = {"insurer": "Star", "policyNumber": "1", "coveragePercent": "80", **YEAR}


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """No consumer runs here, and nothing is handed over."""
    monkeypatch.setattr(building, "_handed_over", lost)


def in_two_days() -> str:
    return f"{(datetime.now(UTC) + timedelta(days=2)).date()}T09:00:00Z"


async def change(house: House, name: str, work: Any) -> None:
    base = house.domain(name).base
    await base.database.transaction(partial(work, base))
    await base.database.close()


async def publish_long_ago(house: House) -> None:
    at = datetime.now(UTC) - timedelta(hours=2)

    async def work(base, session) -> None:
        await session.exec(update(OutboxRow).values(recorded_at=at, published_at=at))

    for name in NAMES:
        await change(house, name, work)


async def registered(gate: Gate, admin: str) -> str:
    return await made(gate, admin, "registerPatient", "patient", name="Huzaifa", dob="1990-01-01")


async def booked(gate: Gate, admin: str, doctor: str, patient: str) -> str:
    wanted = {"doctorId": doctor, "patientId": patient, "slot": in_two_days()}
    return await made(gate, admin, "bookAppointment", "appointment", **wanted)


async def accept(gate: Gate, treating: str, visit: str) -> None:
    assert (await gate.data(ACCEPT, treating, id=visit))["acceptAppointment"]["errors"] == []


async def hired_clerk(gate: Gate, admin: str) -> str:
    await made(gate, admin, "createStaffAccount", "account", email=CLERK, password=PASSWORD, role="BILLING_CLERK")
    return await signed_in(gate, CLERK)


async def test_what_was_published_two_hours_ago_is_booked_recorded_billed_and_insured(gate: Gate, house: House):
    doctor, admin = await hired(gate, house)
    clerk, treating = await hired_clerk(gate, admin), await signed_in(gate, "doctor@example.com")
    patient, insured = await registered(gate, admin), await registered(gate, admin)
    await publish_long_ago(house)
    visit = await booked(gate, admin, doctor, patient)
    await accept(gate, treating, visit)
    await publish_long_ago(house)
    await made(gate, treating, "createMedicalRecord", "medicalRecord", patientId=patient, description="x")
    assert (await gate.data(BILL, clerk, id=visit))["createBill"]["errors"] == []
    await made(gate, clerk, "addInsurancePolicy", "policy", patientId=insured, **POLICY)


async def test_who_was_booked_or_whose_glass_was_broken_two_hours_ago_is_seen(gate: Gate, house: House):
    doctor, admin = await hired(gate, house)
    treating = await signed_in(gate, "doctor@example.com")
    patient, unconscious = await registered(gate, admin), await registered(gate, admin)
    await booked(gate, admin, doctor, patient)
    await publish_long_ago(house)
    assert (await gate.data(BREAK, treating, p=unconscious))["breakGlass"]["errors"] == []
    await publish_long_ago(house)
    for id in (patient, unconscious):
        seen = (await gate.data(LOOK, treating, id=id))["patient"]
        assert seen == {"name": "Huzaifa", "medicalRecords": {"nodes": []}}


async def test_what_was_heard_of_and_has_changed_since_decides_as_it_is_now(gate: Gate, house: House):
    doctor, admin = await hired(gate, house)
    clerk, treating = await hired_clerk(gate, admin), await signed_in(gate, "doctor@example.com")
    patient = await registered(gate, admin)
    visit = await booked(gate, admin, doctor, patient)
    wanted = {"patientId": patient, "appointmentId": visit, "description": "x"}
    not_accepted = [{"code": "INVALID_TRANSITION"}]
    assert (await gate.data(RECORD, treating, i=wanted))["createMedicalRecord"]["errors"] == not_accepted
    assert (await gate.data(BILL, clerk, id=visit))["createBill"]["errors"] == not_accepted
    await accept(gate, treating, visit)
    await publish_long_ago(house)
    assert (await gate.data(RECORD, treating, i=wanted))["createMedicalRecord"]["errors"] == []
    assert (await gate.data(BILL, clerk, id=visit))["createBill"]["errors"] == []


async def test_what_never_was_is_not_found_at_once_however_much_is_on_its_way(gate: Gate, house: House):
    _, admin = await hired(gate, house)
    clerk = await hired_clerk(gate, admin)

    async def work(base, session) -> None:
        for _ in range(3000):
            base.outbox.record(session, PatientUpdated(patient_id=new_id(), version=1, name="Huzaifa"), Actor())

    await change(house, "patients", work)
    async with asyncio.timeout(2):
        answer = await gate.ask(BILL, clerk, id=new_id())
    assert answer.data["createBill"]["errors"] == [{"code": "NOT_FOUND"}]
