"""The way of an event over a real broker: relay, topic, consumer, inbox."""

from aiokafka.consumer.group_coordinator import GroupCoordinator

from tests.workers.kafka.conftest import has, relay_of, until
from workers.kafka.source import KafkaSource
from workers.metrics import SOURCE_FAILED


async def test_events_come_over_the_broker_in_the_order_of_their_key(house, publisher, consumer_of, kitchen, running):
    _, wards, _ = house
    consumer, source = consumer_of()
    for turn in range(20):
        for bed in ("a", "b", "c"):
            await wards.announce(bed, turn)
    async with running(relay_of(house, publisher), consumer):
        await until(lambda: has(kitchen, 60))
    await source.aclose()
    heard = await kitchen.heard()
    for bed in ("a", "b", "c"):
        assert [what for what in heard if what[0] == bed] == [f"{bed}{turn}" for turn in range(20)]


async def test_what_was_not_committed_comes_again_and_has_its_effect_once(
    house, publisher, consumer_of, kitchen, running
):
    _, wards, _ = house
    for turn in range(10):
        await wards.announce("a", turn)
    relay = relay_of(house, publisher)
    await relay.turn()
    consumer, source = consumer_of()
    batch = []
    while not batch:
        batch = await source.batch()
    await consumer._apply(batch[:4])
    await source.aclose()  # killed behind the effect and before the commit
    again, second = consumer_of()
    async with running(again):
        await until(lambda: has(kitchen, 10))
    await second.aclose()
    assert await kitchen.heard() == [f"a{turn}" for turn in range(10)]


async def test_a_commit_that_fails_gives_the_batch_again(house, publisher, consumer_of, kitchen, running, monkeypatch):
    _, wards, _ = house
    for turn in range(5):
        await wards.announce("a", turn)
    await relay_of(house, publisher).turn()
    consumer, source = consumer_of()
    commit, failures = source.commit, [ConnectionError("gone")] * 2

    async def fails(handled):
        if failures:
            raise failures.pop()
        await commit(handled)

    monkeypatch.setattr(source, "commit", fails)
    async with running(consumer):
        await until(lambda: has(kitchen, 5))
        await until(lambda: _all_committed(source))
    await source.aclose()
    assert failures == []
    assert await kitchen.heard() == [f"a{turn}" for turn in range(5)]


async def test_a_client_that_fails_for_ever_is_replaced(house, publisher, consumer_of, kitchen, running, monkeypatch):
    name, wards, subscriber = house
    join, failures = GroupCoordinator._on_join_complete, list[Exception]()

    async def fails(*given):
        if failures:
            raise failures.pop()
        await join(*given)

    monkeypatch.setattr(GroupCoordinator, "_on_join_complete", fails)
    await wards.announce("a")
    consumer, source = consumer_of()
    async with running(relay_of(house, publisher), consumer):
        await until(lambda: has(kitchen, 1))
        failures.append(RuntimeError("never seen before"))
        source._consumer._coordinator.request_rejoin()
        await wards.announce("a", 1)
        await until(lambda: has(kitchen, 2), 40)
    await source.aclose()
    assert not failures
    assert SOURCE_FAILED.labels(subscriber.consumer, f"hospital.{name}")._value.get() > 0


async def _all_committed(source: KafkaSource) -> bool:
    consumer = source._consumer
    if consumer is None:
        return False
    reached = [await consumer.committed(partition) or 0 for partition in consumer.assignment()]
    return sum(reached) == 5


async def test_a_message_that_is_too_large_hinders_its_key_alone(house, publisher):
    name, _, _ = house
    small, large, other = (b"a", b"small"), (b"a", b"x" * 2_000_000), (b"b", b"small")
    hindered = await publisher.publish(f"hospital.{name}", [small, large, small, other])
    assert [error is None for error in hindered] == [True, False, False, True]
