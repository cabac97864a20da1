"""What a visit has told: the mails in the catcher and the events in the audit trail, each once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.containers.day import Staff, Town, Visit

SECONDS = 60.0
TRAIL = {
    "patient.registered",
    "appointment.booked",
    "appointment.accepted",
    "medical_record.created",
    "bill.created",
    "bill.paid",
}
MAILS = ("Appointment requested for", "Appointment accepted for", "Your bill", "Payment Status - SUCCESS")


async def a_visit(town: Town, staff: Staff) -> None:
    await told(town, staff, await town.lives_through(staff))
    say("a visit: signed up, booked, accepted, treated, billed, paid, mailed, in the trail")


async def told(town: Town, staff: Staff, visit: Visit) -> None:
    """Each mail once, each event once in the trail, and the trail in order."""
    await _until(lambda: _mailed(town, visit), list(MAILS))
    await _until(lambda: _trail(town, staff, visit), TRAIL)
    chain = (await town.gate.data("{ auditChain { length intact } }", staff.auditor))["auditChain"]
    assert chain["intact"], chain


async def _mailed(town: Town, visit: Visit) -> list[str]:
    """How the subjects begin of what the patient was sent. A sender that was killed may send one again, as the same."""
    caught = (await _caught(town, "messages?limit=500"))["messages"]
    theirs = [each for each in caught if [whom["Address"] for whom in each["To"]] == [visit.email]]
    to = {each["MessageID"]: each for each in theirs}.values()
    for each in to:
        if each["Subject"] == MAILS[-1]:
            said = (await _caught(town, f"message/{each['ID']}"))["Text"]
            assert "Your payment of 1000.0 is successful!" in said, said
    begun = [next(begin for begin in MAILS if each["Subject"].startswith(begin)) for each in to]
    return sorted(begun, key=MAILS.index)


async def _caught(town: Town, path: str) -> Any:
    async with town.gate.session.get(f"{town.mail}/api/v1/{path}") as answer:
        return await answer.json()


async def _trail(town: Town, staff: Staff, visit: Visit) -> set[str]:
    document = "query ($id: ID!) { auditEvents(filter: {patientId: $id}, first: 100) { nodes { id type } } }"
    nodes = (await town.gate.data(document, staff.auditor, id=visit.patient_id))["auditEvents"]["nodes"]
    changes = [node["type"] for node in nodes if node["type"] in TRAIL]
    assert len(changes) == len(set(changes)), changes
    return set(changes)


async def _until(seen: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """Raises AssertionError where it does not come to that within a minute."""
    until = time.monotonic() + SECONDS
    while (found := await seen()) != wanted:
        assert time.monotonic() < until, f"{found} is not {wanted}"
        await asyncio.sleep(0.3)


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)  # noqa: T201
