"""A broker that demands SASL over TLS: who has the password and trusts it works, who has not is told which setting."""

from pathlib import Path
from uuid import uuid4

import pytest

from subgraphs.kernel.clock import SystemClock
from tests.services import kafka
from tests.services.ports import spare_port
from workers.kafka.checks import BrokerRefuses, check_broker
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.kafka.settings import KafkaSettings
from workers.kafka.source import KafkaSource
from workers.kafka.topics import make_topics


@pytest.fixture
def known(kafka_of_run, monkeypatch):
    """How the broker is to be reached; what is given replaces a part of it."""

    def make(**changed: str) -> KafkaSettings:
        right = {
            "HOSPITAL_KAFKA": kafka_of_run.locked,
            "HOSPITAL_KAFKA_SECURITY": "SASL_SSL",
            "HOSPITAL_KAFKA_CA_FILE": str(kafka_of_run.certificate),
            "HOSPITAL_KAFKA_USER": kafka.USER,
            "HOSPITAL_KAFKA_PASSWORD": kafka.PASSWORD,
        }
        for name, value in (right | changed).items():
            monkeypatch.setenv(name, value)
        return KafkaSettings()

    return make


async def test_who_has_the_password_and_trusts_the_broker_publishes_and_reads(known):
    settings, topic = known(), f"hospital.{uuid4().hex[:8]}"
    assert topic in (await make_topics(settings, [topic, DEAD_LETTERS])).made
    await check_broker(settings, [topic])
    publisher = KafkaPublisher(settings, "test")
    source = KafkaSource(settings, "kitchen", topic, "0", DeadLetterTopic(settings, SystemClock(), publisher))
    assert await publisher.publish(topic, [(b"a", b"soup")]) == [None]
    batch = []
    while not batch:
        batch = await source.batch()
    assert [delivery.body for delivery in batch] == ["soup"]
    await publisher.aclose()
    await source.aclose()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"HOSPITAL_KAFKA_PASSWORD": "wrong"}, "HOSPITAL_KAFKA_PASSWORD: {} does not let hospital in with it."),
        ({"HOSPITAL_KAFKA_USER": "nobody"}, "HOSPITAL_KAFKA_PASSWORD: {} does not let nobody in with it."),
        (
            {"HOSPITAL_KAFKA_CA_FILE": ""},
            "HOSPITAL_KAFKA_CA_FILE: {} is not trusted: self-signed certificate.",
        ),
        ({"HOSPITAL_KAFKA_SASL_MECHANISM": "PLAIN"}, "HOSPITAL_KAFKA_SASL_MECHANISM: {} does not take PLAIN."),
    ],
)
async def test_what_is_wrong_is_one_line_that_names_the_setting(known, kafka_of_run, changed, said):
    with pytest.raises(BrokerRefuses) as refused:
        await check_broker(known(**changed))
    assert str(refused.value) == said.format(kafka_of_run.locked)


@pytest.mark.parametrize("security", ["PLAINTEXT", "SASL_PLAINTEXT", "SSL"])
async def test_a_broker_that_hangs_up_may_be_starting_and_the_setting_is_named_as_well(known, security):
    why = await check_broker(known(HOSPITAL_KAFKA_SECURITY=security))
    assert why == f"it ends the connection: it is starting, or does not speak {security} (HOSPITAL_KAFKA_SECURITY)"


async def test_a_topic_that_is_missing_is_named_with_the_command_that_makes_it(known, kafka_of_run):
    with pytest.raises(BrokerRefuses) as refused:
        await check_broker(known(), ["hospital.nothing"])
    assert str(refused.value) == f"HOSPITAL_KAFKA: {kafka_of_run.locked} lacks hospital.nothing: `hospital topics`."


async def test_that_nobody_reaches_a_broker_is_no_refusal(known):
    why = await check_broker(known(HOSPITAL_KAFKA=f"127.0.0.1:{spare_port()}"), ["hospital.nothing"])
    assert "Connect call failed" in str(why)


def test_a_file_without_certificates_is_named(known, tmp_path: Path):
    empty = tmp_path / "empty.pem"
    empty.write_text("no certificate")
    with pytest.raises(ValueError, match="holds no certificates"):
        known(HOSPITAL_KAFKA_CA_FILE=str(empty))
