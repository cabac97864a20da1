"""What a command asks of the broker, and what it says where that cannot be."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from aiokafka.errors import KafkaError

from hospital.problems import CannotDo, NotThere
from hospital.settings import read_kafka_settings
from workers.kafka.checks import BrokerRefuses, check_broker

T = TypeVar("T")


async def asked_of_broker(work: Coroutine[Any, Any, T], topics: tuple[str, ...] = ()) -> T:
    """`topics`: what must be there for it. Raises CannotDo."""
    settings = read_kafka_settings()
    try:
        why_not_reached = await check_broker(settings, topics)
        if why_not_reached is not None:
            raise NotThere(f"HOSPITAL_KAFKA: {settings.servers} cannot be reached: {why_not_reached}.")
        return await work
    except BrokerRefuses as refused:
        raise CannotDo(str(refused)) from None
    except (KafkaError, OSError) as error:
        raise CannotDo(f"HOSPITAL_KAFKA: the broker cannot be asked: {error}.") from None
    finally:
        work.close()
