"""`hospital topics`: what Kafka needs to have before anybody works."""

from typing import Annotated

import typer

from hospital.components.broker import asked_of_broker
from hospital.loop import run
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.readers import consumers_of
from hospital.settings import read_kafka_settings
from subgraphs.kernel.events import topic_of
from workers.kafka.dead_letters import DEAD_LETTERS
from workers.kafka.source import group_of
from workers.kafka.topics import ConsumersBehind, make_topics, raise_partitions

_OWN = [topic_of(name) for name in NAMES]


def topics(
    more: Annotated[
        bool, typer.Option("--raise", help="Gives topics more partitions, once the relays are stopped and all is read.")
    ] = False,
) -> None:
    """Makes the topics of Kafka that are missing, and keeps the others as long as the settings say."""
    settings = read_kafka_settings()
    if more:
        _raise()
    found = run(asked_of_broker(make_topics(settings, [*_OWN, DEAD_LETTERS])))
    typer.echo(f"Made: {', '.join(found.made) or 'nothing, all are there'}")
    if found.changed:
        typer.echo(f"Kept as the settings say: {', '.join(found.changed)}")
    for name, partitions in found.fewer.items():
        asked = f"HOSPITAL_KAFKA_PARTITIONS is {settings.partitions}: `hospital topics --raise`"
        typer.echo(f"{name} has {partitions} partitions, and {asked}.", err=True)
    if found.replicas:
        typer.echo(_with_other_replicas(found.replicas, settings.replicas), err=True)


def _with_other_replicas(found: dict[str, int], wanted: int) -> str:
    named = ", ".join(f"{name} ({number})" for name, number in found.items())
    how = "Kafka's kafka-reassign-partitions.sh changes that; run `hospital topics` again afterwards"
    return f"HOSPITAL_KAFKA_REPLICAS is {wanted}, and these have other replicas: {named}. {how}."


def _raise() -> None:
    groups = {name: [group_of(consumer, name) for consumer in consumers_of(name)] for name in _OWN}
    try:
        raised = run(asked_of_broker(raise_partitions(read_kafka_settings(), groups), tuple(_OWN)))
    except ConsumersBehind as behind:
        told = "Nothing was raised: stop the relays, and wait until these have read all"
        raise CannotDo(f"{told}: {behind}.") from None
    typer.echo(f"Raised: {', '.join(raised) or 'nothing'}")
