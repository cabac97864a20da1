"""The dead letters of components, on the topic of the broker."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from hospital.components.broker import asked_of_broker
from hospital.components.building import House
from hospital.names import NAMES
from hospital.settings import read_component_settings, read_kafka_settings, read_settings
from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.inbox import Subscriber
from workers.contract import CONTRACT
from workers.dead_letters import DeadLetter
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher


class ComponentLetters:
    """A letter is retried over the database of its consumer."""

    async def dead_letters(self) -> list[DeadLetter]:
        """Raises CannotDo."""
        async with _topic() as topic:
            return await asked_of_broker(topic.waiting(), (DEAD_LETTERS,))

    async def retry(self, id: str) -> DeadLetter:
        """Raises NoSuchDeadLetter, CannotDo, or what the consumer raises."""
        async with _topic() as topic:
            letter = await asked_of_broker(topic.find(id), (DEAD_LETTERS,))
            async with _subscribers(letter.consumer.partition(".")[0]) as subscribers:
                await topic.retry(letter, subscribers, CONTRACT)
            return letter

    async def discard(self, id: str) -> DeadLetter:
        """Raises NoSuchDeadLetter, CannotDo."""
        async with _topic() as topic:
            letter = await asked_of_broker(topic.find(id), (DEAD_LETTERS,))
            await topic.discard(letter)
            return letter


@asynccontextmanager
async def _topic() -> AsyncIterator[DeadLetterTopic]:
    settings = read_kafka_settings()
    publisher = KafkaPublisher(settings, "hospital.dead-letters")
    try:
        yield DeadLetterTopic(settings, SystemClock(), publisher)
    finally:
        await publisher.aclose()


@asynccontextmanager
async def _subscribers(name: str) -> AsyncIterator[Sequence[Subscriber]]:
    """Of the domain, where it is one."""
    if name not in NAMES:
        yield ()
        return
    house = House(read_settings()[0], read_component_settings())
    domain = house.domain(name)
    try:
        yield domain.subscribers
    finally:
        await domain.base.database.close()
        await house.session.aclose()
