from datetime import timedelta

import pytest
from sqlmodel import select

from subgraphs.kernel.errors import Target
from subgraphs.kernel.events import Envelope
from subgraphs.kernel.principal import Principal, RoleName
from subgraphs.kernel.tables import OutboxRow

SOMEBODY = Principal("account-1", RoleName.DOCTOR, "d@hospital.test", doctor_id="d")


@pytest.fixture
def announced(base):
    async def read() -> list[Envelope]:
        async with base.database.reading() as session:
            return [Envelope.from_json(row.body) for row in await session.exec(select(OutboxRow))]

    return read


async def test_a_refusal_says_who_was_refused_what_of_whom(base, announced):
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    [event] = await announced()
    assert (event.type, event.actor.account_id) == ("access.denied", "account-1")
    assert {name: event.audit[name] for name in ("outcome", "action", "resourcetype", "resourceid", "reason")} == {
        "outcome": "DENIED",
        "action": "EXECUTE",
        "resourcetype": "Patient",
        "resourceid": "p",
        "reason": "patient",
    }


async def test_equal_ones_of_one_actor_within_a_minute_are_one(base, clock, announced):
    for _ in range(3):
        await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    assert len(await announced()) == 1
    clock.move(timedelta(seconds=59))
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    assert len(await announced()) == 1
    clock.move(timedelta(seconds=1))
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    assert len(await announced()) == 2


async def test_another_actor_deed_or_thing_is_another_refusal(base, announced):
    other = Principal("account-2", RoleName.DOCTOR, "e@hospital.test")
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "p", "p"))
    await base.denials.note(other, "patient", Target("Patient", "p", "p"))
    await base.denials.note(SOMEBODY, "updatePatient", Target("Patient", "p", "p"))
    await base.denials.note(SOMEBODY, "patient", Target("Patient", "q", "q"))
    await base.denials.note(SOMEBODY, "patient", None)
    assert len(await announced()) == 5
