"""Messages that a consumer could not handle, on a topic of their own.

The topic is compacted: a letter stays until one without a body follows under its id, which says that it was handled.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from subgraphs.kernel.clock import Clock
from subgraphs.kernel.events import MAXIMUM_BYTES
from subgraphs.kernel.inbox import Subscriber
from workers.contract import Contract
from workers.dead_letters import DeadLetter, NoSuchDeadLetter, letter_id, reason_of
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings
from workers.source import Delivery

DEAD_LETTERS = "hospital.dead-letters"

_WAIT_MS = 500


class DeadLetterTopic:
    def __init__(self, settings: KafkaSettings, clock: Clock, publisher: KafkaPublisher) -> None:
        self._settings, self._clock, self._publisher = settings, clock, publisher

    async def bury(self, consumer: str, delivery: Delivery, error: Exception) -> None:
        """Raises what hinders the broker to take it. Of a message that is too large it keeps the beginning."""
        headers = {
            "consumer": consumer,
            "topic": delivery.topic,
            "partition": str(delivery.partition),
            "offset": str(delivery.place),
            "reason": reason_of(error),
            "failed-at": self._clock.now().astimezone(UTC).isoformat(),
        }
        body = delivery.body.encode("utf-8", "surrogateescape")[:MAXIMUM_BYTES]
        await self._write(letter_id(consumer, delivery), body, headers)

    async def waiting(self) -> list[DeadLetter]:
        """Not handled yet, oldest first. Raises KafkaError."""
        letters: dict[bytes, DeadLetter] = {}
        for record in await self._records():
            if record.value is None:
                letters.pop(record.key, None)
            else:
                letters[record.key] = _letter(record)
        return sorted(letters.values(), key=lambda letter: (letter.failed_at, letter.id))

    async def find(self, id: str) -> DeadLetter:
        """Raises NoSuchDeadLetter, KafkaError."""
        for letter in await self.waiting():
            if letter.id == id:
                return letter
        raise NoSuchDeadLetter(f"there is no dead letter {id}")

    async def retry(self, letter: DeadLetter, subscribers: Sequence[Subscriber], contract: Contract) -> None:
        """Hands the message to its consumer again, and says on the topic that it is handled.

        Raises NoSuchDeadLetter, or what the consumer raises: then nothing has changed.
        """
        for subscriber in subscribers:
            if subscriber.consumer == letter.consumer:
                await subscriber.receive([contract.read(letter.topic, letter.body)])
                return await self._write(letter.id, None, {})
        raise NoSuchDeadLetter(f"nobody here is {letter.consumer}, who could not handle {letter.id}")

    async def discard(self, letter: DeadLetter) -> None:
        """Forgets a message that nobody will ever handle."""
        await self._write(letter.id, None, {})

    async def _write(self, id: str, body: bytes | None, headers: dict[str, str]) -> None:
        encoded = [(name, value.encode()) for name, value in headers.items()]
        [hindered] = await self._publisher.publish(DEAD_LETTERS, [(id.encode(), body)], encoded)
        if hindered is not None:
            raise hindered

    async def _records(self) -> list[Any]:
        """All that stand on the topic now, in order."""
        partition = TopicPartition(DEAD_LETTERS, 0)
        consumer = AIOKafkaConsumer(**self._settings.connection(), enable_auto_commit=False)
        try:
            await consumer.start()
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            end = (await consumer.end_offsets([partition]))[partition]
            found: list[Any] = []
            while await consumer.position(partition) < end:
                found += (await consumer.getmany(partition, timeout_ms=_WAIT_MS)).get(partition, [])
            return found
        finally:
            await consumer.stop()


def _letter(record: Any) -> DeadLetter:
    """Of a message that stood there without these headers, whoever wrote it, it says what it can."""
    told = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    return DeadLetter(
        id=(record.key or b"").decode("utf-8", "replace"),
        consumer=told.get("consumer", "?"),
        topic=told.get("topic", "?"),
        body=record.value.decode("utf-8", "backslashreplace"),
        error=told.get("reason", "?"),
        failed_at=datetime.fromisoformat(told["failed-at"]) if "failed-at" in told else _written_at(record),
        partition=int(told["partition"]) if "partition" in told else None,
        offset=int(told["offset"]) if "offset" in told else None,
    )


def _written_at(record: Any) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)
