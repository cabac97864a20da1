"""The topics that a hospital needs, made once and never made smaller."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from workers.kafka.settings import KafkaSettings

_HOUR_MS = 3_600_000


async def make_topics(settings: KafkaSettings, topics: Iterable[str]) -> list[str]:
    """Those that were not there before, with partitions, replicas and retention of the settings.

    Raises KafkaError for what the broker refuses.
    """
    admin = AIOKafkaAdminClient(**settings.connection())
    await admin.start()
    try:
        missing = sorted(set(topics) - set(await admin.list_topics()))
        answer = await admin.create_topics([_topic(settings, name) for name in missing])
        for name, code, *_ in answer.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(f"{name} cannot be made")
        return missing
    finally:
        await admin.close()


def _topic(settings: KafkaSettings, name: str) -> NewTopic:
    kept = {
        "retention.ms": str(settings.retention_hours * _HOUR_MS),
        "min.insync.replicas": str(max(1, settings.replicas - 1)),
    }
    return NewTopic(name, settings.partitions, settings.replicas, topic_configs=kept)
