"""A copy that lags over components is caught up with before anything is refused by it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from hospital.components import building
from hospital.components.arriving import Bringing
from hospital.components.building import House
from subgraphs.kernel.arrivals import Arrivals, Awaited, NotAsked, Told
from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.ids import new_id
from tests.e2e.hospital import PASSWORD, Gate
from tests.hospital.components.test_components import BOOK, PATIENT, hired, sign_in


async def lost(handover, events) -> None:
    """As when the other component starts again at that moment."""


@pytest.fixture
def without_handover(monkeypatch):
    monkeypatch.setattr(building, "_handed_over", lost)


async def test_who_just_signed_up_books_though_no_copy_was_told(without_handover, gate: Gate, house: House):
    doctor, _ = await hired(gate, house)
    given = {"name": "Huzaifa", "dob": "1990-01-01", "email": "huzaifa@example.com", "password": PASSWORD}
    assert (await gate.ask(PATIENT, input=given)).data["registerPatient"]["errors"] == []
    patient = await sign_in(gate, "huzaifa@example.com")
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    booked = (await gate.ask(BOOK, patient, doctor=doctor, slot=f"{day}T09:00:00Z")).data["bookAppointment"]
    assert booked["errors"] == []


class Owner:
    """Announced nothing, and says so when it is let."""

    def __init__(self) -> None:
        self.asked, self.answers = list[set[str]](), list[asyncio.Event]()

    async def __call__(self, keys) -> Told:
        self.asked.append(set(keys))
        self.answers.append(asyncio.Event())
        await self.answers[-1].wait()
        return Told([])


async def test_who_waits_at_the_same_time_shares_one_round_that_begins_after_they_came():
    owner = Owner()
    bringing = Bringing([owner], [])
    first = asyncio.create_task(bringing({"a"}))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(bringing({key})) for key in "abcbc"]
    await asyncio.sleep(0.01)
    owner.answers[0].set()
    await first
    await asyncio.sleep(0.01)
    assert not any(other.done() for other in others)
    owner.answers[1].set()
    await asyncio.gather(*others)
    assert owner.asked == [{"a"}, {"a", "b", "c"}]


async def test_where_who_asks_for_all_goes_away_the_next_of_them_asks_again():
    owner = Owner()
    bringing = Bringing([owner], [])
    first, going, staying = (asyncio.create_task(bringing({key})) for key in "abc")
    await asyncio.sleep(0.01)
    owner.answers[0].set()
    await first
    await asyncio.sleep(0.01)
    going.cancel()
    await asyncio.sleep(0.01)
    assert not staying.done()
    owner.answers[2].set()
    await staying
    assert owner.asked == [{"a"}, {"b", "c"}, {"b", "c"}]


async def test_an_owner_that_fails_or_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("hospital.components.arriving.AWAITED_AT_MOST_SECONDS", 0.05)

    async def fails(keys):
        raise ConnectionError

    async def hangs(keys):
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        for owner in (fails, hangs):
            with pytest.raises(NotAsked):
                await Bringing([owner], [])({"a"})


async def test_an_owner_that_has_more_to_say_than_it_said_was_not_asked():
    async def owner(keys) -> Told:
        return Told([], is_whole=False)

    with pytest.raises(NotAsked):
        await Bringing([owner], [])({"a"})


def telling(*ids: str):
    events = [Envelope(id, "hospital.things", "t", 1, "k", datetime.now(UTC), Actor(), {}, {}) for id in ids]

    async def owner(keys) -> Told:
        return Told(events)

    return owner


class Copies:
    """A subscriber that cannot handle the first."""

    topics, recent = ("hospital.things",), frozenset(["0"])

    def __init__(self, error: Exception) -> None:
        self.error, self.received, self.times = error, list[str](), 0

    async def receive(self, events) -> None:
        self.times += 1
        if any(event.id == "1" for event in events):
            raise self.error
        self.received += [event.id for event in events]


async def test_what_fails_of_what_passes_may_come_and_what_never_passes_will_not():
    locked, broken = Copies(OperationalError("", {}, Exception("database is locked"))), Copies(KeyError("dose"))
    with pytest.raises(NotAsked):
        await Bringing([telling("1", "2")], [locked])({"a"})
    await Bringing([telling("1", "2")], [broken])({"a"})
    assert locked.received == broken.received == ["2"]


async def test_all_that_is_new_is_handled_in_one_transaction():
    copies = Copies(KeyError("dose"))
    await Bringing([telling("0", "2", "3")], [copies])({"a"})
    assert (copies.received, copies.times) == (["2", "3"], 1)


async def test_who_cannot_know_refuses_nothing_for_good():
    class Refusal(Exception):
        pass

    async def refuses():
        raise Refusal

    async def cannot_ask(keys):
        raise NotAsked

    arrivals = Arrivals()
    with pytest.raises(Refusal):
        await arrivals.decided(refuses, Refusal, keys=[new_id()])
    arrivals.bring = cannot_ask
    with pytest.raises(NotAsked):
        await arrivals.decided(refuses, Refusal, keys=[new_id()])
    assert not await arrivals.catch_up([new_id()])


async def test_what_is_no_id_is_nothing_that_could_arrive():
    asked = []

    async def bring(keys) -> None:
        asked.append(keys)

    arrivals, id = Arrivals(), new_id()
    arrivals.bring = bring
    assert await arrivals.catch_up(["nobody", "x" * 100_000])
    assert await arrivals.catch_up(["nobody", id])
    assert asked == [{id}]


async def test_one_request_asks_for_each_once_and_for_none_where_the_owners_do_not_answer():
    asked = []

    async def bring(keys) -> None:
        asked.append(keys)
        if len(asked) == 2:
            raise NotAsked

    arrivals, (one, two, three) = Arrivals(), (new_id(), new_id(), new_id())
    arrivals.bring = bring
    awaited = Awaited(arrivals)
    for keys in ([one], [one], [one, two], [three]):
        await awaited.catch_up(keys)
    assert asked == [{one}, {two}]
