"""The commands that run single components, each a process of its own."""

import asyncio
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from starlette.applications import Starlette

from hospital.components.building import House
from hospital.components.router import router_component
from hospital.components.subgraph import subgraph_component
from hospital.components.supervised import end_with_standard_input
from hospital.components.worker_port import answering
from hospital.components.workers import WORKERS, Worker, worker
from hospital.folder import write_privately
from hospital.loop import run
from hospital.names import NAMES, ROUTER
from hospital.problems import CannotDo, as_it_is_set
from hospital.server import on_signals, serve
from hospital.settings import read_component_settings, read_settings
from hospital.tracing import configure_traces
from router.server import CannotListen, address_of, bind
from router.settings import RouterSettings
from subgraphs.kernel.signatures import BadKeyring, Keyring
from workers.draining import run_until

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)]
Supervised = Annotated[
    bool,
    typer.Option("--supervised", help="For who starts many: shares its port with its like, ends with standard input."),
]

_SECRET_BYTES = 32


def router(host: Host = "127.0.0.1", port: Port = 8761, supervised: Supervised = False) -> None:
    """The router alone, before subgraphs that are processes of their own."""
    with _component(supervised):
        configure_traces(ROUTER)
        settings, router_settings = read_settings()
        app = router_component(settings, read_component_settings(), router_settings)
        _serve(app, router_settings, host, port, shared=supervised)


def subgraph(
    name: Annotated[str, typer.Argument(help="One of the domains.")],
    host: Host = "127.0.0.1",
    port: Port = 0,
    supervised: Supervised = False,
) -> None:
    """One subgraph alone, over its own database."""
    with _component(supervised):
        if name not in NAMES:
            raise CannotDo(f"There is no subgraph {name}: it is one of {', '.join(NAMES)}.")
        configure_traces(name)
        _serve(subgraph_component(_house(), name), read_settings()[1], host, port, shared=supervised)


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
    with _component(supervised):
        made = worker(_house(), name, ordinal)
        configure_traces(name)
        with _bound(host, port) as listener:
            run(_work(made, listener))


def keys(
    file: Annotated[Path, typer.Argument(help="Where to write them; HOSPITAL_CALLERS names it.")],
) -> None:
    """Makes keys for all callers; where there are some, new ones sign from now on and the last ones are still taken."""
    known = _known_keys(file) if file.exists() else {}
    id = f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"
    made = {caller: _with_new_key(known.get(caller, {}), id) for caller in (ROUTER, *NAMES)}
    write_privately(file, orjson.dumps(made, option=orjson.OPT_INDENT_2).decode() + "\n")
    typer.echo(f"{file}: {len(made)} callers sign with {id} from now on.")


def _known_keys(file: Path) -> dict[str, dict[str, str]]:
    try:
        Keyring(file)
    except BadKeyring as error:
        raise CannotDo(f"{error} Nothing was changed.") from None
    known: dict[str, dict[str, str]] = orjson.loads(file.read_bytes())
    return known


def _with_new_key(known: dict[str, str], id: str) -> dict[str, str]:
    last = list(known.items())[:1]
    return {id: secrets.token_urlsafe(_SECRET_BYTES), **dict(last)}


def _house() -> House:
    return House(read_settings()[0], read_component_settings())


@contextmanager
def _component(supervised: bool) -> Iterator[None]:
    """The exit status tells whether another start may help (75) or not (78)."""
    if supervised:
        end_with_standard_input()
    with as_it_is_set():
        yield


def _serve(app: Starlette, settings: RouterSettings, host: str, port: int, *, shared: bool) -> None:
    try:
        with bind(host, port, shared=shared) as listener:
            where = f"{host}:{listener.getsockname()[1]}"
            run(serve(app, settings, listener, lambda: typer.echo(f"Listening at {where}, process {os.getpid()}")))
    except CannotListen as error:
        raise CannotDo(str(error)) from None


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
