"""What a domain says of an entity to another that has heard nothing of it."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select, update

from subgraphs.kernel import announced, peers
from subgraphs.kernel.announced import KEYS_TOGETHER, Announced, Found
from subgraphs.kernel.calls import of_announced
from subgraphs.kernel.events import Action, Actor, Envelope, Event
from subgraphs.kernel.ids import new_id
from subgraphs.kernel.peers import RemoteAnnouncements
from subgraphs.kernel.tables import OutboxRow

ONE, OTHER, PATIENT = new_id(), new_id(), new_id()


class Noted(Event):
    type = "thing.noted"
    action = Action.CREATE
    resource_type = "Thing"

    thing_id: str
    what: str = ""
    patient_id: str | None = None

    def key(self) -> str:
        return self.thing_id

    def audited_patient(self) -> str | None:
        return self.patient_id


class Made(Noted):
    type = "thing.made"


class Seen(Noted):
    type = "thing.seen"


async def record(base, *events: Event) -> None:
    async def work(session) -> None:
        for event in events:
            base.outbox.record(session, event, Actor())

    await base.database.transaction(work)


async def change(base, statement) -> None:
    async def work(session) -> None:
        await session.exec(statement)

    await base.database.transaction(work)


def announced_by(base) -> Announced:
    return Announced(base.database, (Noted.type, Made.type))


async def told(base, *keys: str) -> list[str]:
    found = await announced_by(base).of(keys)
    return [Envelope.from_json(body).data["what"] for body in found.bodies]


async def test_of_one_thing_all_is_told_in_order_however_long_ago_it_was_published(base):
    await record(base, Made(thing_id=ONE, what="made"), Made(thing_id=OTHER, what="another"))
    await change(base, update(OutboxRow).values(published_at=base.clock.now() - timedelta(days=2)))
    await record(base, Noted(thing_id=ONE, what="noted"), Seen(thing_id=ONE, what="no matter"))
    assert await told(base, ONE) == ["made", "noted"]
    assert await told(base, ONE, OTHER) == ["made", "another", "noted"]


async def test_of_a_patient_all_is_told_that_concerns_them_and_once(base):
    await record(base, Made(thing_id=ONE, what="a visit", patient_id=PATIENT))
    await record(base, Made(thing_id=PATIENT, what="the patient", patient_id=PATIENT), Made(thing_id=OTHER))
    assert await told(base, PATIENT) == ["a visit", "the patient"]
    assert await told(base, PATIENT, ONE) == ["a visit", "the patient"]


async def test_of_what_never_was_nothing_is_told_and_that_is_all_however_much_else_was_announced(base):
    for _ in range(3):
        await record(base, *(Made(thing_id=new_id(), patient_id=new_id()) for _ in range(announced.EVENTS_TOGETHER)))
    assert await announced_by(base).of([new_id()]) == Found([], is_cut=False)


async def test_of_too_many_the_newest_are_told(base, monkeypatch):
    monkeypatch.setattr(announced, "EVENTS_TOGETHER", 2)
    cut = []
    for what in ("one", "two", "three"):
        await record(base, Noted(thing_id=ONE, what=what))
        cut.append((await announced_by(base).of([ONE])).is_cut)
    assert (await told(base, ONE), cut) == (["two", "three"], [False, False, True])


async def test_what_the_release_before_writes_beside_this_one_is_found_as_well(base):
    await record(base, Made(thing_id=ONE, what="a visit", patient_id=PATIENT), Made(thing_id=OTHER, what="another"))
    await change(base, update(OutboxRow).values(key=None, patient_id=None))
    assert await told(base, ONE) == await told(base, PATIENT) == ["a visit"]


async def test_a_key_that_is_no_id_is_recorded_whatever_its_length(base):
    await record(base, Made(thing_id="ß" * 3000, patient_id="ß" * 3000), Made(thing_id=ONE, patient_id="ß" * 3000))
    async with base.database.reading() as session:
        rows = (await session.exec(select(OutboxRow.key, OutboxRow.patient_id).order_by(OutboxRow.sequence))).all()
    assert rows == [("ß" * 36, None), (ONE, "ß" * 36)]


async def test_no_more_keys_than_were_agreed_are_answered(base):
    with pytest.raises(ValueError, match="101 keys"):
        await announced_by(base).of([new_id() for _ in range(KEYS_TOGETHER + 1)])


async def test_they_are_found_by_indexes(base):
    await record(base, *(Made(thing_id=new_id(), patient_id=new_id()) for _ in range(500)))
    asked = []

    def note(connection, cursor, statement, parameters, *rest) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    await announced_by(base).of([ONE, OTHER])
    sa.event.remove(sa.Engine, "before_cursor_execute", note)
    [(statement, parameters)] = asked
    async with base.database.engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN " if base.database.is_sqlite else "EXPLAIN FORMAT=TRADITIONAL "
        plan = [str(row) for row in await connection.exec_driver_sql(explain + statement, parameters)]
    assert [sum(f"ix_outbox_{name}" in step for step in plan) for name in ("key", "patient_id")] == [2, 1], plan
    assert not any("SCAN outbox" in step or ("'ALL'" in step and "union" not in step) for step in plan), plan


class Owner:
    """A domain that is asked over the network."""

    def __init__(self, **found: Found) -> None:
        async def of(keys) -> Found:
            self.asked.append(keys)
            return found.get(keys[0][0], Found([], is_cut=False))

        self.asked: list[list[str]] = []
        self.announced = of_announced(of)["announced"]

    async def call(self, what: str, arguments: dict) -> object:
        return await self.announced(arguments)


def body(id: str) -> str:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Envelope(id, "hospital.things", "t", 1, "k", at, Actor(), {}, {}).to_json().decode()


@pytest.mark.parametrize("is_cut", [False, True])
async def test_who_asks_is_told_whether_that_is_all(is_cut):
    told = await RemoteAnnouncements(Owner(a=Found([body("1")], is_cut)))(["a"])
    assert ([event.id for event in told.events], told.is_whole) == (["1"], not is_cut)


async def test_many_keys_are_asked_for_some_at_a_time_and_one_lot_that_is_cut_is_not_all(monkeypatch):
    monkeypatch.setattr(peers, "KEYS_TOGETHER", 2)
    owner = Owner(a=Found([body("1")], is_cut=True), e=Found([body("2")], is_cut=False))
    told = await RemoteAnnouncements(owner)({"c", "b", "a", "e", "d"})
    assert owner.asked == [["a", "b"], ["c", "d"], ["e"]]
    assert ([event.id for event in told.events], told.is_whole) == (["1", "2"], False)


async def test_a_caller_of_the_release_before_who_names_no_keys_is_not_told_that_this_is_all():
    assert await Owner().announced({"says_if_cut": True}) == {"bodies": [], "is_cut": True}


class OwnerOfTheReleaseBefore:
    async def call(self, what: str, arguments: dict) -> object:
        assert arguments["says_if_cut"]
        return {"bodies": [body("1")], "is_cut": False}


async def test_an_owner_of_the_release_before_that_knows_no_keys_says_what_is_new():
    told = await RemoteAnnouncements(OwnerOfTheReleaseBefore())(["a"])
    assert ([event.id for event in told.events], told.is_whole) == (["1"], True)
