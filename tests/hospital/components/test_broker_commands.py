"""The commands that ask a broker."""

import asyncio
from pathlib import Path

import pytest

from hospital.names import NAMES
from hospital.settings import read_kafka_settings
from subgraphs.kernel.clock import SystemClock
from subgraphs.kernel.events import Actor, envelope
from subgraphs.patients.events import PatientRegistered
from tests.services import kafka
from tests.services.ports import spare_port
from workers.kafka.dead_letters import DEAD_LETTERS, DeadLetterTopic
from workers.kafka.publisher import KafkaPublisher
from workers.source import Delivery

TOPICS = sorted([*(f"hospital.{name}" for name in NAMES), DEAD_LETTERS])


@pytest.fixture(scope="module")
def broker(kafka_jars, tmp_path_factory):
    with kafka.broker(tmp_path_factory.mktemp("kafka")) as opened:
        yield opened


@pytest.fixture
def components(broker, house, monkeypatch) -> None:
    monkeypatch.setenv("HOSPITAL_KAFKA", broker.address)
    monkeypatch.setenv("HOSPITAL_KAFKA_PARTITIONS", "2")


def bury(body: bytes) -> None:
    async def work() -> None:
        settings = read_kafka_settings()
        publisher = KafkaPublisher(settings, "test")
        delivery = Delivery("hospital.patients", 17, body.decode(), 1)
        await DeadLetterTopic(settings, SystemClock(), publisher).bury("accounts.copies", delivery, KeyError("dose"))
        await publisher.aclose()

    asyncio.run(work())


def test_topics_are_missed_made_kept_and_raised(components, command, monkeypatch):
    for arguments, expected in ((("worker", "relay"), 75), (("worker", "audit-trail"), 75), (("dead-letters",), 1)):
        status, out, error = command(*arguments)
        assert (status, out, error.splitlines()[-1].endswith(": `hospital topics`.")) == (expected, "", True)
    assert command("topics") == (0, f"Made: {', '.join(TOPICS)}\n", "")
    assert command("topics") == (0, "Made: nothing, all are there\n", "")
    monkeypatch.setenv("HOSPITAL_KAFKA_PARTITIONS", "3")
    monkeypatch.setenv("HOSPITAL_KAFKA_RETENTION_HOURS", "100")
    status, out, error = command("topics")
    assert (status, out.splitlines()[1]) == (0, f"Kept as the settings say: {', '.join(TOPICS)}")
    assert "hospital.audit has 2 partitions, and HOSPITAL_KAFKA_PARTITIONS is 3: `hospital topics --raise`." in error
    monkeypatch.setenv("HOSPITAL_KAFKA_REPLICAS", "2")
    assert (
        "HOSPITAL_KAFKA_REPLICAS is 2, and these have other replicas: hospital.accounts (1), " in command("topics")[2]
    )
    status, out, error = command("topics", "--raise")
    assert (status, out.count("hospital.")) == (0, len(NAMES)), error


def test_dead_letters_of_components_are_listed_and_retried(components, command):
    command("topics")
    event = PatientRegistered(patient_id="p", version=1, name="Huzaifa")
    good = envelope(event, id="1", domain="patients", actor=Actor(), occurred_at=SystemClock().now())
    bury(good.to_json())
    bury(b"not so")
    status, out, _ = command("dead-letters")
    first, error, body, second, *_, total = out.splitlines()
    assert (status, total) == (0, "2 dead letters.")
    assert first.endswith("accounts.copies of hospital.patients, partition 1, offset 17")
    assert (error, "patient.registered" in body) == ("  KeyError: 'dose'", True)
    assert command("dead-letters", "retry", first.split()[0]) == (0, "accounts.copies has handled it.\n", "")
    status, _, error = command("dead-letters", "retry", second.split()[0])
    assert (status, error.startswith("Not handled, it failed again: ValueError: not an event envelope")) == (1, True)
    status, _, error = command("dead-letters", "retry", first.split()[0])
    assert (status, error) == (1, f"Not handled: there is no dead letter {first.split()[0]}.\n")
    assert command("dead-letters")[1].splitlines()[-1] == "1 dead letter."
    status, out, error = command("dead-letters", "discard", second.split()[0])
    assert (status, out) == (0, "not so\n")
    assert "dead_letter.discarded" in error
    assert command("dead-letters") == (0, "0 dead letters.\n", "")


def test_where_a_folder_is_named_the_letters_are_its_own(components, command, tmp_path: Path):
    status, _, error = command("dead-letters", "--data", str(tmp_path / "none"))
    assert (status, error.startswith("There is no hospital in")) == (1, True)


def test_a_broker_that_is_not_there_is_one_line(components, command, monkeypatch):
    monkeypatch.setenv("HOSPITAL_KAFKA", f"127.0.0.1:{spare_port()}")
    for name in ("topics", "dead-letters"):
        status, out, error = command(name)
        assert (status, out, error.splitlines()[-1][:14]) == (75, "", "HOSPITAL_KAFKA")


@pytest.mark.parametrize("servers", ["localhost", "localhost:nine", ":9092"])
@pytest.mark.parametrize(
    "arguments", [("topics",), ("topics", "--raise"), ("dead-letters",), ("dead-letters", "retry", "x")]
)
def test_an_address_of_no_broker_is_one_line(listeners, command, monkeypatch, arguments, servers):
    monkeypatch.setenv("HOSPITAL_KAFKA", servers)
    status, out, error = command(*arguments)
    assert (status, out, error.count("\n")) == (1, "", 1)
    assert f"HOSPITAL_KAFKA: {servers!r} is no address such as host:9092." in error
