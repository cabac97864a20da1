"""What runs until it is told to stop, whether it hears that or not."""

import asyncio

import pytest

from subgraphs.kernel.events import SHARDS
from tests.workers.test_relay import Broker, relay_of
from workers import relay
from workers.draining import run_until
from workers.leases import Leases


class Worker:
    def __init__(self, *, hears: bool = True, fails: bool = False) -> None:
        self.hears, self.fails = hears, fails
        self.stopped, self.finished = asyncio.Event(), False

    async def run(self) -> None:
        if self.fails:
            raise ValueError("broken")
        await (self.stopped.wait() if self.hears else asyncio.Event().wait())
        await asyncio.sleep(0.05)
        self.finished = True

    def stop(self) -> None:
        self.stopped.set()


async def test_who_hears_the_stop_finishes_and_who_does_not_is_ended(monkeypatch):
    stopping, good, deaf = asyncio.Event(), Worker(), Worker(hears=False)
    running = asyncio.create_task(run_until(stopping, [good, deaf], 0.5))
    await asyncio.sleep(0.05)
    assert not running.done()
    stopping.set()
    async with asyncio.timeout(5):
        await running
    assert (good.finished, deaf.finished) == (True, False)


async def test_one_that_breaks_stops_the_others_and_is_told():
    good = Worker()
    with pytest.raises(ValueError, match="broken"):
        async with asyncio.timeout(5):
            await run_until(asyncio.Event(), [good, Worker(fails=True)], 2.0)
    assert good.finished


class Hanging(Broker):
    """Begins to take, and never says that it has."""

    async def publish(self, topic, messages):
        await asyncio.Event().wait()


async def test_leases_are_given_back_by_those_whose_database_answers(announcing, monkeypatch):
    monkeypatch.setattr(relay, "_GIVEN_BACK_WITHIN_SECONDS", 0.3)
    wards, dead = await announcing("wards"), await announcing("beds")
    relays, stopping = [relay_of(each, Hanging()) for each in (dead, wards)], asyncio.Event()
    await wards.announce("bed 1")
    running = asyncio.create_task(run_until(stopping, relays, 0.3))
    async with asyncio.timeout(5):
        while not all(each._shards for each in relays):  # noqa: ASYNC110 (it is their own)
            await asyncio.sleep(0.01)

    async def never(work):
        await asyncio.Event().wait()

    monkeypatch.setattr(dead.database, "transaction", never)
    stopping.set()
    async with asyncio.timeout(5):
        await running
    assert len(await Leases(wards.database, wards.outbox.clock, "next").renew()) == SHARDS
