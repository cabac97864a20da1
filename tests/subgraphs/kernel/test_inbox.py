import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from subgraphs.kernel.events import Actor, Envelope
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.rows import run_unheard
from subgraphs.kernel.tables import InboxRow, PositionRow


def message(id: str) -> Envelope:
    return Envelope(id, "hospital.things", "thing.noted", 1, "key", datetime(2026, 1, 1, tzinfo=UTC), Actor(), {}, {})


class Effects:
    """A handler that leaves one row an event, and fails while it is told to."""

    def __init__(self) -> None:
        self.failing = False
        self.calls = 0

    async def __call__(self, session, message: Envelope) -> None:
        self.calls += 1
        session.add(PositionRow(consumer=f"{message.id}-{self.calls}", topic="t", position=self.calls))
        await asyncio.sleep(0.001)
        if self.failing:
            raise ConnectionError("not now")


@pytest.fixture
def effects() -> Effects:
    return Effects()


@pytest.fixture
def subscriber(base, effects) -> Subscriber:
    return Subscriber.once("test", ("hospital.things",), base.database, base.clock, effects)


async def test_a_second_delivery_is_dropped(subscriber, count_of):
    await subscriber.receive([message("1")])
    await subscriber.receive([message("1")])
    await subscriber.receive([message("2")])
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (2, 2)


async def test_deliveries_at_the_same_time_have_one_effect(subscriber, count_of):
    await asyncio.gather(*(subscriber.receive([message(str(place % 3))]) for place in range(30)))
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (3, 3)


async def test_two_processes_that_hear_the_same_have_each_effect_once(
    base, another_process, subscriber, effects, count_of
):
    """As when a partition changes hands: in lots, in another order, and one alone."""
    other = replace(subscriber, database=another_process(base).database)
    messages = [message(str(place)) for place in range(12)]
    lots = [messages[:6], messages[6:]]
    mirrored = [list(reversed(lot)) for lot in lots]
    heard = [(subscriber, lot) for lot in lots] + [(other, lot) for lot in mirrored]
    alone = [(who, [each]) for who in (subscriber, other) for each in messages]
    await asyncio.gather(*(who.receive(lot) for who, lot in heard + alone))
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (12, 12)


async def test_what_fails_leaves_nothing_and_is_handled_when_it_comes_again(subscriber, effects, count_of):
    effects.failing = True
    with pytest.raises(ConnectionError):
        await subscriber.receive([message("1")])
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (0, 0)
    effects.failing = False
    await subscriber.receive([message("1")])
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (1, 1)


async def test_each_consumer_has_its_own_inbox(subscriber, base, effects, count_of):
    await subscriber.receive([message("1")])
    await Subscriber.once("another", ("hospital.things",), base.database, base.clock, effects).receive([message("1")])
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (2, 2)


async def test_the_callers_transaction_decides_over_effect_and_inbox_alike(subscriber, base, count_of):
    async def work(session) -> None:
        await subscriber.apply(session, [message("1")])
        raise LookupError("rolled back")

    with pytest.raises(LookupError):
        await base.database.transaction(work)
    assert (await count_of(PositionRow), await count_of(InboxRow)) == (0, 0)


@pytest.mark.sqlite
async def test_what_failed_before_a_delivery_is_not_taken_for_a_second_one(subscriber, base, effects, count_of):
    async def work(session) -> None:
        for _ in range(2):
            await run_unheard(session, insert(PositionRow), {"consumer": "a", "topic": "t", "position": 1})
        await subscriber.apply(session, [message("1")])

    with pytest.raises(OperationalError, match="the transaction is lost"):
        await base.database.transaction(work)
    assert (effects.calls, await count_of(PositionRow)) == (0, 0)
    await subscriber.receive([message("1")])
    assert (effects.calls, await count_of(InboxRow)) == (1, 1)
