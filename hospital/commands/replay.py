"""`hospital replay`: what a broker had and lost is published again, from the outboxes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from hospital.commands.opening import components_meant, counted
from hospital.components.needs import check_database
from hospital.loop import run
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.settings import read_kafka_settings
from subgraphs.kernel.database import Database
from workers.replaying import publish_again


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text} says no offset from UTC, as 2026-03-02T06:00:00Z does")
    return at.astimezone(UTC)


def replay(
    since: Annotated[
        datetime, typer.Option("--from", parser=_instant, metavar="INSTANT", help="Recorded then or later.")
    ],
    before: Annotated[
        datetime | None,
        typer.Option("--to", parser=_instant, metavar="INSTANT", help="Recorded before that.", show_default="now"),
    ] = None,
    domain: Annotated[list[str] | None, typer.Option(help="Its events alone; may be given again.")] = None,
) -> None:
    """Publishes a span of events again. Consumers drop what they have handled."""
    names, now = _known(domain or NAMES), datetime.now(UTC)
    _check_span(since, before or now, now)
    components = components_meant(None)
    if components is None:
        raise CannotDo(
            "A hospital in one process has nothing to replay, as its consumers read the outboxes themselves."
        )
    databases = {name: components.database(name) for name in names}
    for name, database in databases.items():
        waiting = run(_publish_again(name, database, since, before or now))
        typer.echo(f"{name}: {counted(waiting, 'event')}")
    typer.echo("The relays publish them now, before what is younger.")


def _known(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        if name not in NAMES:
            raise CannotDo(f"--domain: there is no domain {name}: it is one of {', '.join(NAMES)}.")
    return names


def _check_span(since: datetime, before: datetime, now: datetime) -> None:
    if since >= before:
        raise CannotDo("--from is not before --to: there is nothing between.")
    days = read_kafka_settings().outbox_kept_days
    if since < now - timedelta(days=days):
        oldest = now - timedelta(days=days)
        kept = f"events are kept for {days} days (HOSPITAL_OUTBOX_KEPT_DAYS)"
        raise CannotDo(f"--from reaches too far back: {kept}, that is from {oldest:%Y-%m-%dT%H:%M:%SZ} on.")


async def _publish_again(name: str, database: Database, since: datetime, before: datetime) -> int:
    try:
        await check_database(name, database)
        return await publish_again(database, since, before)
    finally:
        await database.close()
