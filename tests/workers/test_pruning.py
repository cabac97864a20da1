from datetime import timedelta

import pytest
from sqlmodel import select

from subgraphs.kernel.inbox import Subscriber
from subgraphs.kernel.tables import DeadLetterRow, IdempotencyRow, InboxRow, OutboxRow
from workers import pruning
from workers.outbox_source import OutboxSource


@pytest.fixture
def before(clock):
    return lambda: clock.now() - timedelta(days=30)


@pytest.fixture
def handle(consumer):
    """The kitchen handles what waits."""

    async def run() -> None:
        reading = consumer()
        await reading.turn()
        await reading.turn()  # finds nothing, and writes down how far it came

    return run


async def left(database, table) -> int:
    async with database.reading() as session:
        return len((await session.exec(select(table))).all())


@pytest.mark.sqlite
async def test_old_events_that_all_have_passed_go(wards, kitchen, clock, handle, before):
    for turn in range(5):
        await wards.announce("a", turn)
    clock.move(days=31)
    await wards.announce("b")
    await handle()
    assert await pruning.prune_outbox(wards.feed, [kitchen.subscriber], before()) == 5
    assert await left(wards.database, OutboxRow) == 1
    await wards.announce("b", 1)
    await handle()
    assert (await kitchen.heard())[-2:] == ["b0", "b1"]


@pytest.mark.sqlite
async def test_events_that_one_consumer_has_not_passed_stay(wards, kitchen, clock, handle, before):
    for turn in range(5):
        await wards.announce("a", turn)
    source = OutboxSource(wards.feed, kitchen.subscriber)
    first_three = (await source.batch())[:3]
    await kitchen.database.transaction(lambda session: source.keep(session, first_three))
    clock.move(days=31)
    assert await pruning.prune_outbox(wards.feed, [kitchen.subscriber], before()) == 3
    late = Subscriber.once("kitchen.late", ("hospital.wards",), kitchen.database, clock, kitchen.handle)
    await wards.announce("a", 5)
    await handle()
    assert await pruning.prune_outbox(wards.feed, [kitchen.subscriber, late], before()) == 0
    assert await left(wards.database, OutboxRow) == 3


@pytest.mark.sqlite
async def test_a_feed_without_subscribers_keeps_all(wards, kitchen, clock, before):
    await wards.announce("a")
    clock.move(days=31)
    other = Subscriber.once("kitchen.other", ("hospital.beds",), kitchen.database, clock, kitchen.handle)
    assert await pruning.prune_outbox(wards.feed, [other], before()) == 0


@pytest.mark.sqlite
async def test_young_events_stay_though_all_have_passed(wards, kitchen, clock, handle, before):
    await wards.announce("a")
    await handle()
    clock.move(days=29)
    assert await pruning.prune_outbox(wards.feed, [kitchen.subscriber], before()) == 0


@pytest.mark.sqlite
async def test_many_go_lot_by_lot(wards, kitchen, clock, handle, before, monkeypatch):
    monkeypatch.setattr(pruning, "_AT_ONCE", 2)
    for turn in range(5):
        await wards.announce("a", turn)
    await handle()
    clock.move(days=31)
    assert await pruning.prune_outbox(wards.feed, [kitchen.subscriber], before()) == 5
    assert await pruning.prune_inbox(kitchen.database, [kitchen.subscriber], [wards.feed], before()) == 5


@pytest.mark.sqlite
async def test_old_inbox_rows_go_once_their_events_were_passed(wards, kitchen, clock, handle, before):
    await wards.announce("a")
    await handle()
    clock.move(days=31)
    await wards.announce("a", 1)
    await handle()
    assert await pruning.prune_inbox(kitchen.database, [kitchen.subscriber], [wards.feed], before()) == 1
    assert await left(kitchen.database, InboxRow) == 1


@pytest.mark.sqlite
async def test_what_was_handed_over_is_remembered_until_the_consumer_has_passed_it(
    wards, kitchen, clock, handle, before
):
    handed = []

    async def hand_over(events) -> None:
        for event in events:
            handed.append(event)
            await kitchen.subscriber.receive([event])

    wards.database.after_commit = hand_over
    await wards.announce("a", 0)
    clock.move(days=40)
    assert await pruning.prune_inbox(kitchen.database, [kitchen.subscriber], [wards.feed], before()) == 0
    await handle()
    assert await kitchen.heard() == ["a0"]
    assert await pruning.prune_inbox(kitchen.database, [kitchen.subscriber], [wards.feed], before()) == 1


async def test_old_idempotency_keys_go_but_for_those_kept_for_good(kitchen, clock, before):
    async def add(session) -> None:
        for mutation in ("bookAppointment", "payBill"):
            for age in (10, 29, 31, 400):
                at = clock.now() - timedelta(days=age)
                parts = {"caller": "c", "mutation": mutation, "key": str(age), "input_hash": "h", "entity_id": "e"}
                session.add(IdempotencyRow(**parts, created_at=at))

    await kitchen.database.transaction(add)
    assert await pruning.prune_idempotency_keys(kitchen.database, before(), kept=("payBill",)) == 2
    assert await left(kitchen.database, IdempotencyRow) == 6
    assert await pruning.prune_idempotency_keys(kitchen.database, before()) == 2


@pytest.mark.sqlite
async def test_a_source_made_after_pruning_goes_on_where_it_was(wards, kitchen, clock, handle, before):
    for turn in range(3):
        await wards.announce("a", turn)
    await handle()
    clock.move(days=31)
    await pruning.prune_outbox(wards.feed, [kitchen.subscriber], before())
    assert await left(wards.database, OutboxRow) == 0
    await wards.announce("b")
    [delivery] = await OutboxSource(wards.feed, kitchen.subscriber).batch()
    assert delivery.place == 4


async def test_letters_that_were_replayed_long_ago_go_and_those_that_wait_stay(kitchen, clock, before):
    def letter(id: str, replayed_at) -> DeadLetterRow:
        return DeadLetterRow(
            id=id, consumer="c", topic="t", body="", error="", failed_at=clock.now(), replayed_at=replayed_at
        )

    async def add(session) -> None:
        session.add_all([letter("waits", None), letter("replayed", clock.now())])

    await kitchen.database.transaction(add)
    clock.move(days=40)
    assert await pruning.prune_dead_letters(kitchen.database, before()) == 1
    async with kitchen.database.reading() as session:
        assert [row.id for row in await session.exec(select(DeadLetterRow))] == ["waits"]
