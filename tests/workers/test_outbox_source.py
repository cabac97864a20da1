import asyncio
import time

import pytest
from sqlalchemy import delete
from structlog.testing import capture_logs

from subgraphs.kernel.database import Database
from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.tables import OutboxRow
from tests.workers.conftest import CONTRACT
from workers.consumer import Consumer
from workers.outbox_source import OutboxFeed, OutboxSource, position_of, sources

pytestmark = pytest.mark.sqlite


class CountedFeed(OutboxFeed):
    reads = 0

    async def behind(self, position: int, limit: int):
        self.reads += 1
        return await super().behind(position, limit)


@pytest.fixture
async def feed(wards) -> CountedFeed:
    counted = CountedFeed("wards", wards.database)

    async def hand_over(events) -> None:
        counted.wake()

    wards.database.after_commit = hand_over
    return counted


async def test_it_looks_once_a_poll_when_nothing_happens(feed, consumer, running):
    async with running(consumer(feed)):
        await asyncio.sleep(1.0)
    assert 3 <= feed.reads <= 7  # polls are 0.2 s apart here


async def test_what_is_announced_together_is_read_together(feed, wards, kitchen, consumer, running, eventually):
    async with running(consumer(feed)):
        await asyncio.sleep(0.05)
        before = feed.reads
        await asyncio.gather(*(wards.announce("a", turn) for turn in range(30)))

        async def all_heard() -> bool:
            return len(await kitchen.heard()) == 30

        await eventually(all_heard)
        assert feed.reads - before <= 15


async def test_the_bell_brings_an_event_long_before_the_poll(feed, wards, kitchen, eventually):
    source = OutboxSource(feed, kitchen.subscriber, poll_seconds=30, gather_seconds=0.01)
    assert await source.batch() == []
    waiting = asyncio.create_task(source.batch())
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await wards.announce("a")
    assert len(await waiting) == 1
    assert time.monotonic() - started < 1


async def test_a_bell_that_rang_meanwhile_is_not_missed(feed, wards, kitchen):
    source = OutboxSource(feed, kitchen.subscriber, poll_seconds=30, gather_seconds=0.01)
    assert await source.batch() == []
    await wards.announce("a")
    async with asyncio.timeout(1):
        assert len(await source.batch()) == 1


async def test_who_waits_for_an_event_waits_for_no_bell_nor_for_others_to_join(wards, kitchen, running):
    deaf = OutboxFeed("wards", wards.database)
    source = OutboxSource(deaf, kitchen.subscriber, poll_seconds=30, gather_seconds=30)
    async with running(Consumer(kitchen.subscriber, source, CONTRACT)):
        await asyncio.sleep(0.05)
        await wards.announce("a")
        async with asyncio.timeout(1):
            await source.has_passed(await deaf.end())
    assert await kitchen.heard() == ["a0"]


async def test_others_join_the_first_until_somebody_waits_for_it(feed, wards, kitchen, running):
    source = OutboxSource(feed, kitchen.subscriber, poll_seconds=30, gather_seconds=30)
    async with running(Consumer(kitchen.subscriber, source, CONTRACT)):
        await asyncio.sleep(0.05)
        before = feed.reads
        await wards.announce("a")
        await asyncio.sleep(0.05)
        await wards.announce("b")
        assert (await kitchen.heard(), feed.reads) == ([], before)
        async with asyncio.timeout(1):
            await source.has_passed(await feed.end())
        assert (await kitchen.heard(), feed.reads) == (["a0", "b0"], before + 1)


async def test_who_was_woken_for_nothing_lets_others_join_the_next(feed, wards, kitchen, running):
    source = OutboxSource(feed, kitchen.subscriber, poll_seconds=30, gather_seconds=30)
    async with running(Consumer(kitchen.subscriber, source, CONTRACT)):
        await asyncio.sleep(0.05)
        source.wake()
        await asyncio.sleep(0.05)
        await wards.announce("a")
        await asyncio.sleep(0.05)
        assert await kitchen.heard() == []


async def test_what_was_given_up_is_not_waited_for_again_until_it_has_come(wards, kitchen, running, eventually):
    """Neither by who waits already nor by who comes later."""
    source = OutboxSource(wards.feed, kitchen.subscriber)
    await wards.announce("a")
    waiting = asyncio.create_task(source.has_passed(1))
    await asyncio.sleep(0.05)
    with capture_logs() as logs:
        source.give_up(1)
    assert [(entry["event"], entry["place"]) for entry in logs] == [("source.given_up", 1)]
    await wards.announce("b")
    async with asyncio.timeout(1):
        await waiting
        await source.has_passed(2)
    assert await source.position() == 0
    async with running(Consumer(kitchen.subscriber, source, CONTRACT)):

        async def has_come() -> bool:
            return await source.position() == 2

        await eventually(has_come)
        await wards.announce("c")
        await source.has_passed(3)
        assert await kitchen.heard() == ["a0", "b0", "c0"]


async def test_nobody_gives_up_what_has_come(wards, kitchen):
    await wards.announce("a")
    source = OutboxSource(wards.feed, kitchen.subscriber)
    await source.commit(await source.batch())
    with capture_logs() as logs:
        source.give_up(1)
    assert logs == []


async def test_without_a_bell_the_poll_finds_it(wards, kitchen, consumer, running, eventually):
    deaf = OutboxFeed("wards", wards.database)
    async with running(consumer(deaf)):
        await asyncio.sleep(0.05)
        await wards.announce("a")

        async def heard() -> bool:
            return await kitchen.heard() == ["a0"]

        await eventually(heard)


async def test_what_is_not_committed_is_delivered_again(wards, kitchen):
    await wards.announce("a")
    await wards.announce("b")
    source = OutboxSource(wards.feed, kitchen.subscriber, poll_seconds=0.01)
    first = await source.batch()
    assert [delivery.place for delivery in first] == [1, 2]
    assert await source.batch() == first
    await source.commit(first[:1])
    assert await source.batch() == first[1:]


async def test_a_source_starts_where_the_position_says(wards, kitchen):
    for turn in range(3):
        await wards.announce("a", turn)
    source = OutboxSource(wards.feed, kitchen.subscriber)
    deliveries = await source.batch()
    await kitchen.database.transaction(lambda session: source.keep(session, deliveries[:1]))
    await kitchen.database.transaction(lambda session: source.keep(session, deliveries[:2]))
    assert await position_of(kitchen.subscriber, "hospital.wards") == 2
    anew = OutboxSource(wards.feed, kitchen.subscriber)
    assert [delivery.place for delivery in await anew.batch()] == [3]


async def test_what_was_passed_over_is_written_down_when_there_is_nothing_else_to_do(wards, kitchen):
    for turn in range(3):
        await wards.announce("a", turn)
    source = OutboxSource(wards.feed, kitchen.subscriber, poll_seconds=0.05, gather_seconds=0.01)
    await source.skip(await source.batch())
    assert (await source.position(), await position_of(kitchen.subscriber, "hospital.wards")) == (3, 0)
    assert await source.batch() == []
    assert await position_of(kitchen.subscriber, "hospital.wards") == 3


async def test_what_was_passed_over_is_written_down_when_it_gets_much(wards, kitchen):
    for turn in range(4):
        await wards.announce("a", turn)
    source = OutboxSource(wards.feed, kitchen.subscriber, skipped_at_most=4)
    batch = await source.batch()
    await source.skip(batch[:3])
    assert await position_of(kitchen.subscriber, "hospital.wards") == 0
    await source.skip(batch[3:])
    assert await position_of(kitchen.subscriber, "hospital.wards") == 4


async def test_events_that_were_pruned_before_they_were_read_are_said_loudly(wards, kitchen):
    for turn in range(3):
        await wards.announce("a", turn)

    async def prune(session) -> None:
        await session.exec(delete(OutboxRow).where(OutboxRow.sequence <= 2))

    await wards.database.transaction(prune)
    with capture_logs() as logs:
        assert [delivery.place for delivery in await OutboxSource(wards.feed, kitchen.subscriber).batch()] == [3]
    [gone] = [entry for entry in logs if entry["log_level"] == "critical"]
    assert (gone["event"], gone["first"], gone["last"]) == ("source.events_are_gone", 1, 2)


async def test_every_subscriber_has_a_consumer_for_each_topic_that_there_is(wards, announcing, kitchen, eventually):
    beds = await announcing("beds")
    await wards.announce("a")
    await beds.announce("b")
    topics = ("hospital.wards", "hospital.beds", "hospital.not_there_yet")
    subscriber = Subscriber.once("kitchen.list", topics, kitchen.database, kitchen.clock, kitchen.handle)
    made = [Consumer(subscriber, source, CONTRACT) for source in sources([subscriber], [wards.feed, beds.feed])]
    tasks = [asyncio.create_task(one.run()) for one in made]

    async def heard() -> bool:
        return sorted(await kitchen.heard()) == ["a0", "b0"]

    await eventually(heard)
    for one in made:
        one.stop()
    await asyncio.wait_for(asyncio.gather(*tasks), 3)
    assert len(made) == 2


def test_an_outbox_that_is_not_in_the_order_of_commits_is_no_feed():
    with pytest.raises(ValueError):
        OutboxFeed("wards", Database("mysql+asyncmy://nobody@127.0.0.1:1/none"))
