"""The process is killed, or told to stop, while people book: nothing answered is lost, and nothing is doubled."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from tests.e2e.hiring import ADMIN, made, signed_in
from tests.e2e.hospital import DAILY, PASSWORD, Gate
from tests.e2e.processes import make_admin, running
from tests.e2e.sockets import Changes

BOOK = """
mutation ($doctor: ID!, $patient: ID!, $slot: DateTime!, $key: String!) {
  bookAppointment(input: {doctorId: $doctor, patientId: $patient, slot: $slot, idempotencyKey: $key}) {
    appointment { id } errors { code }
  }
}
"""
LIST = "{ appointments(first: 100) { totalCount nodes { id slot history { to } } } }"
KILLS, SLOTS = 2, 30


@dataclass
class Desk:
    """Books one slot after another for one patient, as who sits at a desk: what was not answered is asked again."""

    gate: Gate
    bearer: str
    doctor: str
    patient: str
    answered: dict[str, str] = field(default_factory=dict)

    async def book(self, slot: str) -> None:
        wanted = {"doctor": self.doctor, "patient": self.patient, "slot": slot, "key": f"slot {slot}"}
        payload = (await self.gate.data(BOOK, self.bearer, **wanted))["bookAppointment"]
        assert payload["errors"] == []
        assert self.answered.setdefault(slot, payload["appointment"]["id"]) == payload["appointment"]["id"]


async def opened(folder: Path, gate: Gate) -> tuple[Desk, list[str], str]:
    """A desk, the slots to book, and the auditor's e-mail."""
    admin = await signed_in(gate, ADMIN)
    department = await made(gate, admin, "createDepartment", "department", name="Medicine")
    doctor = {"name": "Dr. Huzaifa", "email": "d@example.com", "password": PASSWORD, "specialty": "Cardiology"}
    doctor |= {"departmentId": department, "availability": DAILY}
    doctor_id = await made(gate, admin, "registerDoctor", "doctor", **doctor)
    patient = await made(gate, admin, "registerPatient", "patient", name="Huzaifa", dob="1990-01-01")
    auditor = {"email": "auditor@hospital.test", "password": PASSWORD, "role": "AUDITOR"}
    await made(gate, admin, "createStaffAccount", "account", **auditor)
    first = datetime.now(UTC).date() + timedelta(days=2)
    days = {"a": first.isoformat(), "b": (first + timedelta(days=4)).isoformat()}
    document = "query ($id: ID!, $a: Date!, $b: Date!) { doctor(id: $id) { openSlots(from: $a, to: $b) { start } } }"
    slots = [s["start"] for s in (await gate.data(document, id=doctor_id, **days))["doctor"]["openSlots"]]
    return Desk(gate, admin, doctor_id, patient), slots[:SLOTS], auditor["email"]


async def check_trail(gate: Gate, auditor: str, desk: Desk) -> None:
    """One event for each booking, and a chain that holds."""
    bearer = await signed_in(gate, auditor)
    document = """
    { auditEvents(filter: {type: "appointment.booked"}, first: 100) { nodes { resourceId } }
      auditChain { intact } }
    """
    async with asyncio.timeout(10):
        while True:
            seen = await gate.data(document, bearer)
            if len(seen["auditEvents"]["nodes"]) >= len(desk.answered):
                break
            await asyncio.sleep(0.1)
    assert Counter(n["resourceId"] for n in seen["auditEvents"]["nodes"]) == Counter(desk.answered.values())
    assert seen["auditChain"] == {"intact": True}


async def test_killed_at_any_moment_it_loses_nothing_answered_and_doubles_nothing(tmp_path: Path):
    folder, chance = tmp_path / "data", random.Random(7)
    await make_admin(folder, ADMIN, PASSWORD)
    desk, slots, auditor = None, [], ""
    async with aiohttp.ClientSession() as session:
        for killing in range(KILLS + 1):
            async with running(folder, session) as process:
                if desk is None:
                    desk, slots, auditor = await opened(folder, process.gate)
                desk.gate, desk.bearer = process.gate, await signed_in(process.gate, ADMIN)
                before = dict(desk.answered)
                await check_kept(desk, before)
                waiting = [slot for slot in slots if slot not in desk.answered]
                assert waiting, "it was killed too late to tell anything"
                if killing < KILLS:
                    booking = asyncio.create_task(book_all(desk, waiting))
                    await asyncio.sleep(chance.uniform(0.03, 0.12))
                    await process.kill()
                    await booking
                else:
                    await book_all(desk, slots)
                    await check_kept(desk, dict(desk.answered), exactly=True)
                    await check_trail(process.gate, auditor, desk)
    assert len(desk.answered) == SLOTS if desk else False


async def book_all(desk: Desk, slots: list[str]) -> None:
    """Some at once; those whose answer is cut off stay open."""
    queue = list(reversed(slots))

    async def clerk() -> None:
        while queue:
            try:
                await desk.book(queue.pop())
            except (aiohttp.ClientError, ConnectionError):
                return

    await asyncio.gather(*(clerk() for _ in range(4)))


async def check_kept(desk: Desk, answered: dict[str, str], *, exactly: bool = False) -> None:
    seen = (await desk.gate.data(LIST, desk.bearer))["appointments"]
    kept = {node["slot"]: node["id"] for node in seen["nodes"]}
    assert len(kept) == seen["totalCount"]
    assert answered.items() <= kept.items()
    assert not exactly or answered == kept
    assert {tuple(line["to"] for line in node["history"]) for node in seen["nodes"]} <= {("PENDING",)}


async def test_told_to_stop_it_answers_what_was_asked_and_says_goodbye(tmp_path: Path):
    folder = tmp_path / "data"
    await make_admin(folder, ADMIN, PASSWORD)
    async with aiohttp.ClientSession() as session:
        async with running(folder, session) as process:
            desk, slots, auditor = await opened(folder, process.gate)
            changes = await Changes.opened(process.gate.url, desk.bearer)
            asked = [asyncio.create_task(desk.book(slot)) for slot in slots[:10]]
            await changes.next()
            process.terminate()
            assert await changes.close_code() == 1001
            await asyncio.gather(*asked)
            assert await process.ended() == 0
        async with running(folder, session) as process:
            desk.gate = process.gate
            desk.bearer = await signed_in(process.gate, ADMIN)
            await check_kept(desk, dict(desk.answered), exactly=True)
            await check_trail(process.gate, auditor, desk)
            assert len(desk.answered) == 10
