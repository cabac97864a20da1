"""The command that runs one worker alone."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext
from typing import Annotated

import typer

from hospital.commands.components import Host, Supervised, as_component
from hospital.components.building import House
from hospital.components.worker_port import answering
from hospital.components.workers import WORKERS, Worker, worker
from hospital.loop import run
from hospital.problems import CannotDo
from hospital.server import on_signals
from hospital.settings import read_component_settings, read_settings
from hospital.tracing import configure_traces
from router.server import CannotListen, address_of, bind
from workers.draining import run_until


def work(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(WORKERS)}.")],
    ordinal: Annotated[
        str | None,
        typer.Option(
            help="Tells those of one name apart; the same at every start.", show_default="HOSPITAL_ORDINAL, or 0"
        ),
    ] = None,
    host: Host = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(help="Where it answers probes and Prometheus; 0 takes any free one.", min=0, max=65535),
    ] = None,
    supervised: Supervised = False,
) -> None:
    """One worker alone."""
    with as_component(supervised):
        made = worker(House(read_settings()[0], read_component_settings()), name, ordinal)
        configure_traces(name)
        with _bound(host, port) as listener:
            run(_work(made, listener))


@contextmanager
def _bound(host: str, port: int | None) -> Iterator[socket.socket | None]:
    """Raises CannotDo."""
    try:
        with nullcontext() if port is None else bind(host, port) as listener:
            yield listener
    except CannotListen as error:
        raise CannotDo(str(error)) from None


async def _work(made: Worker, listener: socket.socket | None) -> None:
    stopping = asyncio.Event()
    async with AsyncExitStack() as stack:
        for close in reversed(made.closing):
            stack.push_async_callback(close)
        for need in made.needs:
            await need()
        if listener is not None:
            await stack.enter_async_context(answering(made, listener))
        with on_signals(stopping.set):
            typer.echo(f"Working{_where(listener)}, process {os.getpid()}")
            await run_until(stopping, made.runners, made.drained_within_seconds)


def _where(listener: socket.socket | None) -> str:
    return "" if listener is None else f", answering at {address_of(listener)}"
