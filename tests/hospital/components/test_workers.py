"""Workers as processes: what each reads and needs to have before it works."""

import pytest

from hospital.components.building import House
from hospital.components.workers import WORKERS, worker
from hospital.readers import READERS, topics_of
from hospital.runtime import Runtime
from hospital.settings import read_kafka_settings
from workers.consumer import Consumer


async def test_each_consumer_reads_all_its_topics_in_one_worker(house: House):
    made = [worker(House(house.settings, house.components), name, None) for name in WORKERS]
    found = [runner._source for each in made for runner in each.runners if isinstance(runner, Consumer)]
    pairs = [(source._name, source.topic) for source in found]
    assert sorted(pairs) == sorted((consumer, topic) for consumer in READERS for topic in topics_of(consumer))
    for each in made:
        for close in each.closing:
            await close()


async def test_the_readers_are_those_that_the_domains_build(runtime: Runtime):
    built = {each.consumer: set(each.topics) for each in runtime.domains.subscribers}
    assert built == {consumer: set(topics_of(consumer)) for consumer in READERS}


async def test_the_ordinal_is_that_of_the_settings_unless_another_is_given(house: House, monkeypatch):
    monkeypatch.setenv("HOSPITAL_ORDINAL", "7")
    for given, ordinal in ((None, "7"), ("3", "3")):
        made = worker(House(house.settings, house.components), "audit-trail", given)
        assert {runner._source._ordinal for runner in made.runners} == {ordinal}
        for close in made.closing:
            await close()


@pytest.mark.parametrize("name", ["relay", "copies", "audit-trail", "timers"])
def test_what_comes_again_later_than_it_is_remembered_is_refused_at_the_start(listeners, command, monkeypatch, name):
    monkeypatch.setenv("HOSPITAL_INBOX_KEPT_DAYS", "21")
    status, out, error = command("worker", name)
    assert (status, out, len(error.splitlines())) == (78, "", 1)
    assert error.startswith("HOSPITAL_INBOX_KEPT_DAYS: 21 days are too few")
    monkeypatch.setenv("HOSPITAL_INBOX_KEPT_DAYS", "22")
    assert read_kafka_settings().inbox_kept_days == 22


def test_it_is_refused_as_well_where_the_other_two_are_raised(listeners, command, monkeypatch):
    for setting, value in (("HOSPITAL_OUTBOX_KEPT_DAYS", "23"), ("HOSPITAL_KAFKA_RETENTION_HOURS", "361")):
        with monkeypatch.context() as changed:
            changed.setenv(setting, value)
            status, _, error = command("worker", "audit-trail")
        assert (status, error.startswith("HOSPITAL_INBOX_KEPT_DAYS: 30 days are too few")) == (78, True)


def test_a_password_that_is_missing_is_named(listeners, command, monkeypatch):
    monkeypatch.setenv("HOSPITAL_KAFKA_SECURITY", "SASL_SSL")
    status, _, error = command("worker", "audit-trail")
    assert (status, error) == (
        78,
        "HOSPITAL_KAFKA_PASSWORD: SASL needs HOSPITAL_KAFKA_USER and HOSPITAL_KAFKA_PASSWORD\n",
    )
