"""One real broker for the tests of this folder; its topics have names of their own each."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from tests.services import kafka
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings
from workers.kafka.topics import make_topics


@pytest.fixture(scope="session")
def broker_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get("HOSPITAL_TEST_KAFKA")
    if given:
        yield given
    elif kafka.can_run():
        with kafka.broker(tmp_path_factory.mktemp("kafka")) as broker:
            yield broker.address
    elif os.environ.get("CI") == "true":
        pytest.fail("no Kafka: `make services` says what it needs")
    else:
        pytest.skip("no Kafka: `make services` says what it needs")


@pytest.fixture
def settings(broker_address: str, monkeypatch: pytest.MonkeyPatch) -> KafkaSettings:
    monkeypatch.setenv("HOSPITAL_KAFKA", broker_address)
    monkeypatch.setenv("HOSPITAL_KAFKA_PARTITIONS", "3")
    return KafkaSettings()


@pytest.fixture
def topic(settings: KafkaSettings) -> Callable[[str], Awaitable[str]]:
    async def make(name: str) -> str:
        await make_topics(settings, [name])
        return name

    return make


@pytest.fixture
async def publisher(settings: KafkaSettings) -> AsyncIterator[KafkaPublisher]:
    opened = KafkaPublisher(settings, "test")
    yield opened
    await opened.aclose()
