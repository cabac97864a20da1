"""Consumers that come, go and are killed while events come: each event has its effect once, in the order of its key."""

import asyncio
import os
from functools import partial

import pytest

from tests.workers.kafka.conftest import has, relay_of, until
from workers.kafka.clients import GroupConsumer

BEDS, TURNS = 6, 30


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own broker misses who is killed after two seconds, and not after ten; others allow no less than six."""
    if os.environ.get("HOSPITAL_TEST_KAFKA"):
        return
    brief = partial(GroupConsumer, session_timeout_ms=2000, heartbeat_interval_ms=200)
    monkeypatch.setattr("workers.kafka.source.GroupConsumer", brief)


async def announced(wards, turn: int) -> None:
    for bed in range(BEDS):
        await wards.announce(f"{bed}.", turn)
    await asyncio.sleep(0.01)


async def all_once_in_order(kitchen) -> None:
    await until(lambda: has(kitchen, BEDS * TURNS), 60)
    heard = await kitchen.heard()
    assert len(heard) == BEDS * TURNS
    for bed in range(BEDS):
        assert [what for what in heard if what.startswith(f"{bed}.")] == [f"{bed}.{turn}" for turn in range(TURNS)]


async def killed(task: asyncio.Task[None], source) -> None:
    """What a driver reads at that very moment can hide a cancellation (`asyncio.wait_for` of Python 3.11)."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.5)
    await source.aclose()


async def test_one_of_three_is_killed_and_started_again_under_its_ordinal(
    house, publisher, consumer_of, kitchen, running
):
    _, wards, _ = house
    (dying, source), *others = (consumer_of(str(ordinal)) for ordinal in range(3))
    async with running(relay_of(house, publisher), *(consumer for consumer, _ in others)):
        task = asyncio.create_task(dying.run())
        for turn in range(TURNS):
            await announced(wards, turn)
            if turn == TURNS // 2:
                await killed(task, source)
                async with running(consumer_of("0")[0]):
                    for later in range(turn + 1, TURNS):
                        await announced(wards, later)
                    await all_once_in_order(kitchen)
                return


async def test_one_of_two_is_killed_for_good_and_the_other_takes_over(house, publisher, consumer_of, kitchen, running):
    _, wards, _ = house
    (dying, source), (staying, _) = consumer_of("0"), consumer_of("1")
    async with running(relay_of(house, publisher), staying):
        task = asyncio.create_task(dying.run())
        for turn in range(TURNS):
            await announced(wards, turn)
            if turn == TURNS // 2:
                await killed(task, source)
        await all_once_in_order(kitchen)


async def test_a_second_and_a_third_join_in_the_middle(house, publisher, consumer_of, kitchen, running):
    _, wards, _ = house
    relay, first, second, third = relay_of(house, publisher), *(consumer_of(str(ordinal))[0] for ordinal in range(3))
    async with running(relay, first):
        for turn in range(10):
            await announced(wards, turn)
        async with running(second):
            for turn in range(10, 20):
                await announced(wards, turn)
            async with running(third):
                for turn in range(20, TURNS):
                    await announced(wards, turn)
                await all_once_in_order(kitchen)


async def test_who_starts_again_under_its_ordinal_goes_on_with_its_partitions(consumer_of, running):
    assert await _assigned(consumer_of, running) == await _assigned(consumer_of, running)


async def _assigned(consumer_of, running) -> list[set]:
    consumers = [consumer_of(str(ordinal)) for ordinal in range(3)]

    async def each_has_one() -> bool:
        return all(source._consumer and len(source._consumer.assignment()) == 1 for _, source in consumers)

    async with running(*(consumer for consumer, _ in consumers)):
        await until(each_has_one)
        found = [source._consumer.assignment() for _, source in consumers]
    for _, source in consumers:
        await source.aclose()
    return found
