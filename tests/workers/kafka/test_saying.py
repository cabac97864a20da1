"""What a library says again and again is written once a minute."""

import logging
import time
from collections.abc import Iterator

import aiokafka
import pytest

from workers.kafka.saying import SaidBefore, say_less


@pytest.fixture
def connections() -> Iterator[logging.Logger]:
    logger = logging.getLogger("library.connections")
    say_less("library")
    yield logger
    logger.filters.clear()


def test_what_differs_in_its_details_alone_is_said_once_a_minute(connections, caplog, monkeypatch):
    for node in range(1000):
        connections.error("node %s is not there", node)
    connections.warning("another thing")
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    connections.error("node %s is not there", 1000)
    assert caplog.messages == ["node 0 is not there", "another thing", "node 1000 is not there"]


def test_the_client_of_kafka_is_heard_under_these_names():
    assert aiokafka.__name__ == "aiokafka"
    say_less("aiokafka")
    for name in ("aiokafka", "aiokafka.conn", "aiokafka.consumer.fetcher"):
        logger = logging.getLogger(name)
        assert [type(each) for each in logger.filters] == [SaidBefore], name
        logger.filters.clear()
