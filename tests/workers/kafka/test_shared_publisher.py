"""One publisher that several relays share: they start one producer, and not one each of which all but one are lost."""

import asyncio
import gc
from typing import Any

import pytest

from workers.kafka import publisher
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings


class Producer:
    """Takes a moment to start, and everything that it is given unless it is told that its broker is gone."""

    started = 0

    def __init__(self, **options: Any) -> None:
        self.has_a_broker, self.let_go_of = True, 0

    async def start(self) -> None:
        Producer.started += 1
        await asyncio.sleep(0.01)

    async def send(self, topic: str, body: bytes, **options: Any) -> "asyncio.Future[None]":
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.has_a_broker:
            taken.set_result(None)
        return taken

    async def let_go(self) -> None:
        self.let_go_of += 1


async def test_those_who_publish_at_once_start_one_producer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(publisher, "Producer", Producer)
    monkeypatch.setattr(Producer, "started", 0)
    shared = KafkaPublisher(KafkaSettings(), "relay")
    hindered = await asyncio.gather(*(shared.publish(f"topic.{n}", [(b"key", b"body")]) for n in range(8)))
    assert hindered == [[None]] * 8
    assert Producer.started == 1


async def test_who_fails_over_one_that_was_let_go_of_leaves_the_new_one_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(publisher, "Producer", Producer)
    monkeypatch.setattr(publisher, "_ANSWER_SECONDS", 0.1)
    shared = KafkaPublisher(KafkaSettings(), "relay")
    await shared.publish("first", [(b"key", b"body")])
    old = shared._producer
    old.has_a_broker = False
    first = asyncio.create_task(shared.publish("first", [(b"key", b"body")]))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(shared.publish("second", [(b"key", b"body")]))
    await first
    assert await shared.publish("first", [(b"key", b"body")]) == [None]
    new = shared._producer
    [error] = await second
    assert isinstance(error, TimeoutError)
    assert (shared._producer is new, old.let_go_of, new.let_go_of) == (True, 1, 0)


class LetsAllFail(Producer):
    """Those that were sent when it is let go of, as the library's does."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sent: list[asyncio.Future[None]] = []

    async def send(self, topic: str, body: bytes, **options: Any) -> "asyncio.Future[None]":
        self.sent.append(await super().send(topic, body, **options))
        return self.sent[-1]

    async def let_go(self) -> None:
        for each in self.sent:
            if not each.done():
                each.set_exception(ConnectionError("let go of"))


async def test_what_becomes_of_what_nobody_waits_for_any_more_is_no_error_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(publisher, "Producer", LetsAllFail)
    monkeypatch.setattr(publisher, "_ANSWER_SECONDS", 0.1)
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    shared = KafkaPublisher(KafkaSettings(), "relay")
    await shared.publish("first", [(b"key", b"body")])
    shared._producer.has_a_broker = False
    [late] = await shared.publish("first", [(b"key", b"body")])
    assert isinstance(late, TimeoutError)
    await shared.publish("first", [(b"key", b"body")])
    shared._producer.has_a_broker = False
    stopped = asyncio.create_task(shared.publish("first", [(b"key", b"body")]))
    await asyncio.sleep(0.01)
    stopped.cancel()
    await asyncio.wait([stopped])
    await shared.aclose()
    gc.collect()
    assert said == []
