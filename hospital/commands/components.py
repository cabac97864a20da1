"""The commands that run single components, each a process of its own."""

import asyncio
import os
import secrets
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from aiokafka.errors import KafkaError
from starlette.applications import Starlette

from hospital.commands.opening import run
from hospital.components.building import House
from hospital.components.databases import check_databases
from hospital.components.router import router_component
from hospital.components.subgraph import ROUTER, subgraph_component
from hospital.components.workers import WORKERS, Worker, worker
from hospital.domains import NAMES
from hospital.folder import write_privately
from hospital.problems import CannotDo
from hospital.server import on_signals, serve
from hospital.settings import read_component_settings, read_kafka_settings, read_settings
from router.server import CannotListen, bind
from router.settings import RouterSettings
from subgraphs.kernel.events import topic_of
from workers.kafka.topics import make_topics

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)]

_SECRET_BYTES = 32


def router(host: Host = "127.0.0.1", port: Port = 8761) -> None:
    """The router alone, before subgraphs that are processes of their own."""
    settings, router_settings = read_settings()
    _serve(router_component(settings, read_component_settings(), router_settings), router_settings, host, port)


def subgraph(
    name: Annotated[str, typer.Argument(help="One of the domains.")], host: Host = "127.0.0.1", port: Port = 0
) -> None:
    """One subgraph alone, over its own database."""
    if name not in NAMES:
        raise CannotDo(f"There is no subgraph {name}: it is one of {', '.join(NAMES)}.")
    house = _house()
    run(check_databases(house.components, [name]))
    _serve(subgraph_component(house, name), read_settings()[1], host, port)


def work(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(WORKERS)}.")],
    ordinal: Annotated[str, typer.Option(help="Tells those of one name apart; the same at every start.")] = "0",
) -> None:
    """One worker alone."""
    house = _house()
    run(check_databases(house.components, house.components.named_databases))
    run(_work(worker(house, name, ordinal)))


def keys(
    file: Annotated[Path, typer.Argument(help="Where to write them; HOSPITAL_CALLERS names it.")],
) -> None:
    """Makes keys for all callers; where there are some, new ones sign from now on and the last ones are still taken."""
    known = orjson.loads(file.read_bytes()) if file.exists() else {}
    id = f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"
    made = {caller: _with_new_key(known.get(caller, {}), id) for caller in (ROUTER, *NAMES)}
    write_privately(file, orjson.dumps(made, option=orjson.OPT_INDENT_2).decode() + "\n")
    typer.echo(f"{file}: {len(made)} callers sign with {id} from now on.")


def topics() -> None:
    """Makes the topics of Kafka that are not there yet, with the partitions, replicas and retention of the settings."""
    try:
        made = run(make_topics(read_kafka_settings(), map(topic_of, NAMES)))
    except (KafkaError, OSError) as error:
        raise CannotDo(f"HOSPITAL_KAFKA: the topics cannot be made: {error}.") from None
    typer.echo(f"Made: {', '.join(made) or 'nothing, all are there'}")


def _with_new_key(known: dict[str, str], id: str) -> dict[str, str]:
    last = list(known.items())[:1]
    return {id: secrets.token_urlsafe(_SECRET_BYTES), **dict(last)}


def _house() -> House:
    return House(read_settings()[0], read_component_settings())


def _serve(app: Starlette, settings: RouterSettings, host: str, port: int) -> None:
    try:
        with bind(host, port) as listener:
            where = f"{host}:{listener.getsockname()[1]}"
            run(serve(app, settings, listener, lambda: typer.echo(f"Listening at {where}, process {os.getpid()}")))
    except CannotListen as error:
        raise CannotDo(str(error)) from None


async def _work(made: Worker) -> None:
    def stop() -> None:
        for runner in made.runners:
            runner.stop()

    async with AsyncExitStack() as stack:
        for close in reversed(made.closing):
            stack.push_async_callback(close)
        with on_signals(stop):
            typer.echo(f"Working, process {os.getpid()}")
            await asyncio.gather(*(runner.run() for runner in made.runners))
