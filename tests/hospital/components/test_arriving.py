"""A copy that lags over components is caught up with before anything is refused by it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from hospital.components import building
from hospital.components.arriving import Bringing
from hospital.components.building import House
from subgraphs.kernel.arrivals import Arrivals, NotAsked, Told
from subgraphs.kernel.events import Actor, Envelope
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


async def test_who_waits_at_the_same_time_shares_one_round_that_begins_after_they_came():
    asked: list[asyncio.Event] = []

    async def owner():
        asked.append(asyncio.Event())
        await asked[-1].wait()
        return Told([])

    bringing = Bringing([owner], [])
    first = asyncio.create_task(bringing())

    await asyncio.sleep(0.01)
    others = [asyncio.create_task(bringing()) for _ in range(5)]
    await asyncio.sleep(0.01)
    asked[0].set()
    await first
    await asyncio.sleep(0.01)
    assert not any(other.done() for other in others)
    asked[1].set()
    await asyncio.gather(*others)
    assert len(asked) == 2


async def test_an_owner_that_fails_or_hangs_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("hospital.components.arriving.AWAITED_AT_MOST_SECONDS", 0.05)

    async def fails():
        raise ConnectionError

    async def hangs():
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        for owner in (fails, hangs):
            with pytest.raises(NotAsked):
                await Bringing([owner], [])()


async def test_an_owner_that_has_more_to_say_than_it_said_was_not_asked():
    async def owner() -> Told:
        return Told([], is_whole=False)

    with pytest.raises(NotAsked):
        await Bringing([owner], [])()


class Copies:
    """A subscriber that fails."""

    topics, recent = ("hospital.things",), frozenset[str]()

    def __init__(self, error: Exception) -> None:
        self.error, self.tried = error, list[str]()

    async def receive(self, events) -> None:
        self.tried += [event.id for event in events]
        raise self.error


async def test_what_fails_of_what_passes_may_come_and_what_never_passes_will_not():
    events = [Envelope(id, "hospital.things", "t", 1, "k", datetime.now(UTC), Actor(), {}, {}) for id in ("1", "2")]

    async def owner() -> Told:
        return Told(events)

    locked, broken = Copies(OperationalError("", {}, Exception("database is locked"))), Copies(KeyError("dose"))
    with pytest.raises(NotAsked):
        await Bringing([owner], [locked])()
    await Bringing([owner], [broken])()
    assert locked.tried == broken.tried == ["1", "2"]


async def test_who_cannot_know_refuses_nothing_for_good():
    class Refusal(Exception):
        pass

    async def refuses():
        raise Refusal

    async def cannot_ask():
        raise NotAsked

    arrivals = Arrivals()
    with pytest.raises(Refusal):
        await arrivals.decided(refuses, Refusal)
    arrivals.bring = cannot_ask
    with pytest.raises(NotAsked):
        await arrivals.decided(refuses, Refusal)
    await arrivals.catch_up()
