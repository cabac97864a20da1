import asyncio
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlmodel import select

from subgraphs.kernel.events import Actor
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.tables import InboxRow

DESK = Actor("desk-1", "desk@hospital.test", "RECEPTIONIST")
DENIED = {"type": "access.denied", "action": "EXECUTE", "outcome": "DENIED", "reason": "patient"}


def hash_by_hand(event: dict) -> str:
    """As an auditor would, from what the API prints alone."""
    fields = {name: value for name, value in event.items() if name not in {"patient", "previousHash", "hash"}}
    written = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256((event["previousHash"] + written).encode()).hexdigest()


async def test_a_message_becomes_one_event_with_all_that_it_says(tell, look, clock):
    clock.move(timedelta(microseconds=250_000))
    told = await tell(DESK, resourceid="b1", patientid="p1", reason='paid "late" — ü', action="CREATE")
    clock.move(timedelta(days=1))
    [event] = (await look())["nodes"]
    assert event == {
        "id": told.id,
        "sequence": 1,
        "action": "CREATE",
        "outcome": "SUCCESS",
        "type": "bill.paid",
        "resourceType": "Bill",
        "resourceId": "b1",
        "patientId": "p1",
        "patient": None,
        "actorId": "desk-1",
        "actorName": "desk@hospital.test",
        "actorRole": "RECEPTIONIST",
        "reason": 'paid "late" — ü',
        "occurredAt": "2026-03-02T06:00:00.250000Z",
        "recordedAt": "2026-03-02T06:00:00.250000Z",
        "previousHash": "0" * 64,
        "hash": hash_by_hand(event),
    }


async def test_when_it_happened_and_when_it_was_written_down_are_apart(tell, look, clock):
    await tell(at=clock.now() - timedelta(days=400))
    [event] = (await look())["nodes"]
    assert (event["occurredAt"], event["recordedAt"]) == ("2025-01-26T06:00:00Z", "2026-03-02T06:00:00Z")


async def test_the_chain_can_be_checked_from_the_api_alone(tell, look):
    await tell(DESK, reason="\u0000\U0001f600\ufb33")
    await tell()
    await tell(Actor(None, None, "ADMIN"), resourceid="r", outcome="FAILED")
    newest, middle, oldest = (await look())["nodes"]
    assert [event["hash"] for event in (oldest, middle, newest)] == [
        hash_by_hand(event) for event in (oldest, middle, newest)
    ]
    assert (middle["previousHash"], newest["previousHash"]) == (oldest["hash"], middle["hash"])
    assert middle["actorRole"] is None


async def test_a_kind_that_it_never_heard_of_is_recorded_all_the_same(tell, trail):
    await tell(type="robot.greeted", resourcetype="Robot")
    assert [(row.type, row.resource_type) for row in await trail()] == [("robot.greeted", "Robot")]


async def test_fifty_at_once_make_a_chain_without_gaps(audit, message, trail, chain):
    messages = [message() for _ in range(50)]
    receive = audit.subscribers[0].receive
    await asyncio.gather(*(receive([one]) for one in messages), *(receive([one]) for one in reversed(messages)))
    rows = await trail()
    assert [row.sequence for row in rows] == list(range(1, 51))
    assert {row.id for row in rows} == {one.id for one in messages}
    assert await chain() == {"length": 50, "headHash": rows[-1].hash, "intact": True, "firstBrokenSequence": None}


async def test_a_message_that_comes_again_long_after_is_still_one_event(audit, tell, message, trail, tamper):
    told = await tell()
    await tamper("DELETE FROM inbox")
    await audit.subscribers[0].receive([told])
    assert [row.id for row in await trail()] == [told.id]


BAD = [
    *({"type": None}, {"type": ""}, {"type": 7}, {"type": "x" * 65}, {"action": None}, {"action": "DESTROY"}),
    *({"outcome": "PERHAPS"}, {"resourcetype": None}, {"resourceid": "x" * 201}, {"patientid": "x" * 37}),
    *({"patientid": 7}, {"reason": ["x"]}, {"id": "x" * 37}),
]


@pytest.mark.parametrize("given", BAD, ids=str)
async def test_a_message_without_sensible_audit_attributes_is_refused(audit, tell, trail, given):
    with pytest.raises(ValueError):
        await tell(**given)
    assert await trail() == []
    async with audit.base.database.reading() as session:
        assert (await session.exec(select(InboxRow))).all() == []


async def test_an_actor_of_no_known_role_is_refused(tell, trail):
    with pytest.raises(ValueError):
        await tell(Actor("a", "b", "JANITOR"))
    assert await trail() == []


async def test_equal_denials_within_a_minute_are_one_event(tell, trail, clock, chain):
    await tell(DESK, resourceid="p1", **DENIED)
    clock.move(timedelta(seconds=59))
    await tell(DESK, resourceid="p1", **DENIED)
    assert len(await trail()) == 1
    clock.move(timedelta(seconds=1))
    await tell(DESK, resourceid="p1", **DENIED)
    assert [row.sequence for row in await trail()] == [1, 2]
    assert (await chain())["intact"]


async def test_equal_denials_are_one_whatever_the_order_they_come_in(tell, trail, clock):
    await tell(DESK, **DENIED)
    await tell(DESK, at=clock.now() - timedelta(seconds=59), **DENIED)
    assert len(await trail()) == 1
    await tell(DESK, at=clock.now() - timedelta(seconds=60), **DENIED)
    assert len(await trail()) == 2


async def test_twenty_equal_denials_at_once_are_one_event(audit, message, trail):
    equal = [message(DESK, resourceid="p1", **DENIED) for _ in range(20)]
    await asyncio.gather(*(audit.subscribers[0].receive([one]) for one in equal))
    assert len(await trail()) == 1


async def test_equal_denials_of_one_transaction_are_one_event(audit, message, trail):
    equal = [message(DESK, resourceid="p1", **DENIED) for _ in range(3)]
    await audit.base.database.transaction(lambda session: audit.subscribers[0].apply(session, equal))
    assert len(await trail()) == 1


@pytest.mark.parametrize(
    ("actor", "given"),
    [
        (Actor("desk-2", "desk@hospital.test", "RECEPTIONIST"), {}),
        (DESK, {"reason": "patients"}),
        (DESK, {"resourceid": "p2"}),
        (DESK, {"resourceid": None}),
        (DESK, {"resourcetype": "Bill"}),
        (DESK, {"type": "bill.paid"}),
    ],
    ids=str,
)
async def test_denials_that_differ_are_each_an_event(tell, trail, actor, given):
    await tell(DESK, **{"resourceid": "p1", "resourcetype": "Patient"} | DENIED)
    await tell(actor, **{"resourceid": "p1", "resourcetype": "Patient"} | DENIED | given)
    assert len(await trail()) == 2


async def test_other_events_are_never_taken_for_one(tell, trail):
    for _ in range(2):
        await tell(DESK, resourceid="b1")
    assert len(await trail()) == 2


async def test_a_chain_without_its_head_takes_no_more(tell, trail, tamper, chain):
    await tell()
    await tamper("DELETE FROM chain_marks")
    with pytest.raises(LookupError):
        await tell()
    assert len(await trail()) == 1
    assert await chain() == {"length": 0, "headHash": "0" * 64, "intact": False, "firstBrokenSequence": 1}


async def test_a_failed_transaction_leaves_no_gap(audit, message, trail):
    async def fail(session) -> None:
        await audit.subscribers[0].apply(session, [message(id=new_id())])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await audit.base.database.transaction(fail)
    await audit.subscribers[0].receive([message()])
    assert [row.sequence for row in await trail()] == [1]
