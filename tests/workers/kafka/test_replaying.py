"""A span of an outbox that is published again has no second effect, and makes good what a broker lost."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from subgraphs.kernel.tables import OutboxRow
from tests.workers.kafka.conftest import has, relay_of, until
from workers.replaying import publish_again

LOST = 5
"""The sequence of the third turn of bed a."""


@pytest.fixture
async def span(house, clock):
    """Ten events, two a minute; the broker has lost one of them, though it is marked."""
    _, wards, _ = house
    for turn in range(5):
        clock.move(minutes=1)
        for bed in "ab":
            await wards.announce(bed, turn)

    async def lose(session) -> None:
        await session.exec(update(OutboxRow).where(col(OutboxRow.sequence) == LOST).values(published_at=clock.now()))

    await wards.database.transaction(lose)
    return wards


async def test_what_was_lost_is_made_good_and_what_was_handled_has_no_second_effect(
    house, publisher, consumer_of, kitchen, clock, running, span
):
    consumer, source = consumer_of()
    async with running(relay_of(house, publisher), consumer):
        await until(lambda: has(kitchen, 9))
        assert "a2" not in await kitchen.heard()
        await until(lambda: _passed(source, 9))
        assert await publish_again(span.database, clock.now() - timedelta(minutes=3), clock.now()) == 6
        await span.announce("a", 5)
        await until(lambda: _passed(source, 9 + 6 + 1))
    heard = await kitchen.heard()
    assert sorted(heard) == ["a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1", "b2", "b3", "b4"]
    assert heard.index("a2") < heard.index("a5")


async def test_the_span_alone_waits_again_and_what_waits_still_is_not_counted(span, clock):
    assert await publish_again(span.database, clock.now() - timedelta(hours=1), clock.now()) == 1
    assert await publish_again(span.database, clock.now() - timedelta(hours=1), clock.now()) == 0
    async with span.database.reading() as session:
        assert set((await session.exec(select(OutboxRow.published_at))).all()) == {None}


async def _passed(source, messages: int) -> bool:
    consumer = source._consumer
    return sum([await consumer.committed(each) or 0 for each in consumer.assignment()]) == messages
