import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from subgraphs.kernel.tables import DeadLetterRow, InboxRow, PositionRow
from tests.workers.conftest import CONTRACT
from tests.workers.heard import hears, rows, tried
from workers.consumer import Consumer
from workers.outbox_source import OutboxSource

pytestmark = pytest.mark.sqlite  # its source is that of one process


async def test_it_hears_all_in_order(wards, kitchen, consumer, running, eventually):
    told = [f"{bed}{turn}" for turn in range(30) for bed in "ab"]
    for what in told[:40]:
        await wards.announce(what[0], int(what[1:]))
    async with running(consumer()):
        for what in told[40:]:
            await wards.announce(what[0], int(what[1:]))
        await eventually(hears(kitchen, 60))
    assert await kitchen.heard() == told
    assert [row.position for row in await rows(kitchen.database, PositionRow)] == [60]


async def test_it_catches_up_in_order_after_it_was_stopped_for_long(wards, kitchen, consumer, running, eventually):
    for start in (0, 70, 140):
        for turn in range(start, start + 70):
            await wards.announce("a", turn)
        async with running(consumer()):
            await eventually(hears(kitchen, start + 70))
    assert await kitchen.heard() == [f"a{turn}" for turn in range(210)]
    assert len(kitchen.attempts) == 210


@pytest.mark.parametrize("together", [1, 25])
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_crash_beside_the_effect_neither_loses_nor_doubles_it(
    wards, kitchen, consumer, running, eventually, point, together
):
    reached, never = asyncio.Event(), asyncio.Event()

    async def hang(what: str) -> None:
        if what == "a3":
            reached.set()
            await never.wait()

    for turn in range(6):
        await wards.announce("a", turn)
    setattr(kitchen, point, hang)
    async with running(consumer(together=together)) as (task,):
        await asyncio.wait_for(reached.wait(), 5)
        task.cancel()
        await asyncio.wait({task})
    assert "a3" not in await kitchen.heard()
    setattr(kitchen, point, type(kitchen).__dataclass_fields__[point].default)
    async with running(consumer(together=together)):
        await eventually(hears(kitchen, 6))
    assert await kitchen.heard() == [f"a{turn}" for turn in range(6)]


async def test_a_crash_between_commit_and_acknowledgement_does_not_double_the_effect(
    wards, kitchen, consumer, running, eventually, monkeypatch
):
    crashes = iter([RuntimeError("killed"), RuntimeError("killed again")])
    acknowledge = OutboxSource.commit

    async def commit(self, handled):
        for crash in crashes:
            raise crash
        await acknowledge(self, handled)

    monkeypatch.setattr(OutboxSource, "commit", commit)
    await wards.announce("a")
    async with running(consumer()):
        await wards.announce("b")
        await eventually(hears(kitchen, 2))
    assert await kitchen.heard() == ["a0", "b0"]
    assert not await rows(kitchen.database, DeadLetterRow)


async def test_what_the_handover_brought_is_not_handled_again(wards, kitchen, consumer, running, eventually):
    received = []

    async def hand_over(events):
        wards.feed.wake()
        for event in events:
            received.append(event.id)
            await kitchen.subscriber.receive([event])

    wards.database.after_commit = hand_over
    async with running(consumer()):
        await asyncio.gather(*(wards.announce("a", turn) for turn in range(20)))

        async def passed() -> bool:
            return [row.position for row in await rows(kitchen.database, PositionRow)] == [20]

        await eventually(passed)
    assert len(received) == 20
    assert sorted(await kitchen.heard()) == sorted(f"a{turn}" for turn in range(20))
    assert {row.event_id for row in await rows(kitchen.database, InboxRow)} == set(received)


async def test_what_this_process_has_handled_costs_the_consumer_no_transaction(wards, kitchen, consumer, monkeypatch):
    handed = []
    wards.database.after_commit = lambda events: _keep(handed, events)
    for turn in range(5):
        await wards.announce("a", turn)
    await kitchen.subscriber.receive(handed)

    async def no_transaction(work):
        raise AssertionError("there is nothing to write")

    reader = consumer()
    monkeypatch.setattr(kitchen.database, "transaction", no_transaction)
    await reader.turn()
    assert kitchen.attempts == [f"a{turn}" for turn in range(5)]


async def test_what_was_handled_is_not_passed_over_behind_what_was_not(wards, kitchen, consumer):
    handed = []
    wards.database.after_commit = lambda events: _keep(handed, events)
    for turn in range(2):
        await wards.announce("a", turn)
    await kitchen.subscriber.receive(handed[1:])
    reader = consumer(together=1)

    async def stopped(what: str) -> None:
        reader.stop()
        raise ConnectionError("not now")

    kitchen.before = stopped
    await reader.turn()
    assert await reader._source.position() == 0


async def test_a_handover_and_the_consumer_at_the_same_moment_have_one_effect(wards, kitchen, consumer, running):
    async def slowly(what: str) -> None:
        await asyncio.sleep(0.05)

    kitchen.before = slowly
    handed = []
    wards.database.after_commit = lambda events: _keep(handed, events)
    await wards.announce("a")
    async with running(consumer()):
        await kitchen.subscriber.receive(handed[:1])
        await asyncio.sleep(0.2)
    assert await kitchen.heard() == ["a0"]


async def _keep(kept, events):
    kept.extend(events)


PASSING = [
    ConnectionError("gone"),
    TimeoutError("slow"),
    OperationalError("UPDATE", {}, Exception("server has gone away")),
    OperationalError("UPDATE", {}, Exception(1213, "deadlock")),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
async def test_it_waits_for_what_passes_and_then_goes_on_in_order(wards, kitchen, consumer, running, eventually, error):
    failures = iter([error, error, error])

    async def fail(what: str) -> None:
        for failure in failures if what == "a1" else ():
            raise failure

    kitchen.after = fail
    for turn in range(3):
        await wards.announce("a", turn)
    async with running(consumer()):
        await eventually(hears(kitchen, 3))
    assert await kitchen.heard() == ["a0", "a1", "a2"]
    assert not await rows(kitchen.database, DeadLetterRow)


async def test_only_the_topic_that_waits_is_held_up(wards, announcing, kitchen, consumer, running, eventually):
    async def fail(what: str) -> None:
        if what.startswith("a"):
            raise ConnectionError

    kitchen.before = fail
    beds = await announcing("beds")
    await wards.announce("a")
    await beds.announce("b")
    async with running(consumer(), consumer(beds.feed)):
        await eventually(hears(kitchen, 1))
        await eventually(tried(kitchen, "a0"))
    assert await kitchen.heard() == ["b0"]


async def test_it_finishes_the_message_in_hand_when_it_is_stopped(wards, kitchen, consumer):
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hold(what: str) -> None:
        reached.set()
        await go_on.wait()

    kitchen.after = hold
    await wards.announce("a", 0)
    await wards.announce("a", 1)
    runner = consumer(together=1)
    task = asyncio.create_task(runner.run())
    await asyncio.wait_for(reached.wait(), 5)
    runner.stop()
    go_on.set()
    await asyncio.wait_for(task, 1)
    assert await kitchen.heard() == ["a0"]


async def test_it_stops_at_once_while_it_waits_for_something_to_pass(wards, kitchen, consumer):
    async def fail(what: str) -> None:
        raise ConnectionError

    kitchen.before = fail
    await wards.announce("a")
    runner = consumer(first_wait_seconds=60.0, longest_wait_seconds=60.0)
    task = asyncio.create_task(runner.run())
    await asyncio.sleep(0.1)
    runner.stop()
    await asyncio.wait_for(task, 1)
    assert not await rows(kitchen.database, PositionRow)


async def test_it_goes_on_when_the_source_fails(wards, kitchen, consumer, running, eventually, monkeypatch):
    failures = iter([RuntimeError("a bug"), ConnectionError()])
    read = OutboxSource.batch

    async def batch(self):
        for failure in failures:
            raise failure
        return await read(self)

    monkeypatch.setattr(OutboxSource, "batch", batch)
    await wards.announce("a")
    async with running(consumer()):
        await eventually(hears(kitchen, 1))
    assert await kitchen.heard() == ["a0"]


async def test_an_idle_consumer_stops_at_once(wards, kitchen):
    runner = Consumer(
        kitchen.subscriber, OutboxSource(wards.feed, kitchen.subscriber, poll_seconds=30, gather_seconds=30), CONTRACT
    )
    task = asyncio.create_task(runner.run())
    await asyncio.sleep(0.1)
    runner.stop()
    await asyncio.wait_for(task, 1)
