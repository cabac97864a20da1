"""What the commands share that run single components, each a process of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from starlette.applications import Starlette

from hospital.components.supervised import end_with_standard_input
from hospital.loop import run
from hospital.problems import CannotDo, as_it_is_set
from hospital.server import serve
from router.server import CannotListen, bind
from router.settings import RouterSettings

Host = Annotated[str, typer.Option(help="The address to listen at.")]
Port = Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)]
Supervised = Annotated[
    bool,
    typer.Option("--supervised", help="For who starts many: shares its port with its like, ends with standard input."),
]


@contextmanager
def as_component(supervised: bool) -> Iterator[None]:
    """The exit status tells whether another start may help (75) or not (78)."""
    if supervised:
        end_with_standard_input()
    with as_it_is_set():
        yield


def serve_at(app: Starlette, settings: RouterSettings, host: str, port: int, *, shared: bool) -> None:
    try:
        with bind(host, port, shared=shared) as listener:
            where = f"{host}:{listener.getsockname()[1]}"
            run(serve(app, settings, listener, lambda: typer.echo(f"Listening at {where}, process {os.getpid()}")))
    except CannotListen as error:
        raise CannotDo(str(error)) from None
