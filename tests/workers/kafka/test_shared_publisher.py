"""One publisher that several relays share: they start one producer, and not one each of which all but one are lost."""

import asyncio
from typing import Any

import pytest

from workers.kafka import publisher
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings


class Producer:
    """Takes a moment to start, and everything that it is given."""

    started = 0

    def __init__(self, **options: Any) -> None: ...

    async def start(self) -> None:
        Producer.started += 1
        await asyncio.sleep(0.01)

    async def send(self, topic: str, body: bytes, **options: Any) -> "asyncio.Future[None]":
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        taken.set_result(None)
        return taken


async def test_those_who_publish_at_once_start_one_producer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(publisher, "AIOKafkaProducer", Producer)
    monkeypatch.setattr(Producer, "started", 0)
    shared = KafkaPublisher(KafkaSettings(), "relay")
    hindered = await asyncio.gather(*(shared.publish(f"topic.{n}", [(b"key", b"body")]) for n in range(8)))
    assert hindered == [[None]] * 8
    assert Producer.started == 1
