"""The broker that a component needs before it begins: asked for once, and said in one line where it is not there."""

import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial

from hospital.problems import CannotDo, NotThere
from workers.kafka.checks import BrokerRefuses, TopicsMissing, check_broker
from workers.kafka.settings import KafkaSettings


def broker_with(settings: KafkaSettings, topics: Sequence[str]) -> Callable[[], Awaitable[None]]:
    return partial(reach_broker, settings, topics)


async def reach_broker(settings: KafkaSettings, topics: Iterable[str]) -> None:
    """Raises CannotDo where the broker lets nobody in, NotThere where none answers or one lacks a topic."""
    _check_certificates(settings)
    try:
        why_not_reached = await check_broker(settings, topics)
    except TopicsMissing as missing:
        raise NotThere(str(missing)) from None
    except BrokerRefuses as refused:
        raise CannotDo(str(refused)) from None
    except ValueError:
        raise CannotDo(f"HOSPITAL_KAFKA: {settings.servers!r} is no address such as host:9092.") from None
    if why_not_reached is not None:
        raise NotThere(f"HOSPITAL_KAFKA: {settings.servers} cannot be reached: {why_not_reached}.")


def _check_certificates(settings: KafkaSettings) -> None:
    try:
        settings.connection()
    except ssl.SSLError:
        raise CannotDo(f"HOSPITAL_KAFKA_CA_FILE: {settings.ca_file} holds no certificates.") from None
