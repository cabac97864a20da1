"""Clients are let go of for good, whatever their own tasks make of it."""

import asyncio

import pytest

from workers.kafka import clients
from workers.kafka.clients import GroupConsumer, Producer

NOWHERE = "127.0.0.1:9"


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_LEAVES_WITHIN_SECONDS", 0.05)
    monkeypatch.setattr(clients, "_HEARD_WITHIN_SECONDS", 0.02)


async def hard_of_hearing(times: int = 3) -> None:
    """Goes on after it was cancelled, so often."""
    for _ in range(times):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue
    await asyncio.Event().wait()


async def begun() -> asyncio.Task[None]:
    task = asyncio.create_task(hard_of_hearing())
    await asyncio.sleep(0)
    return task


async def test_a_consumer_whose_tasks_do_not_hear_at_once_is_let_go_of(monkeypatch: pytest.MonkeyPatch):
    consumer, own = GroupConsumer(bootstrap_servers=NOWHERE), await begun()
    monkeypatch.setattr(consumer, "stop", hard_of_hearing)
    monkeypatch.setattr(consumer, "_tasks", lambda: [own, None])
    async with asyncio.timeout(5):
        await consumer.let_go()
    assert own.cancelled()


async def test_a_producer_whose_task_does_not_hear_at_once_is_let_go_of():
    producer, own = Producer(bootstrap_servers=NOWHERE), await begun()
    producer._sender._sender_task = own
    async with asyncio.timeout(5):
        await producer.let_go()
    assert own.cancelled()
