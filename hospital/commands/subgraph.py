"""The command that runs one subgraph alone."""

from typing import Annotated

import typer

from hospital.commands.components import Host, Supervised, as_component, serve_at
from hospital.components.building import House
from hospital.components.settings import own_port
from hospital.components.subgraph import subgraph_component
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.settings import read_component_settings, read_settings
from hospital.tracing import configure_traces

_PORT = "0 takes any free one; by default that of its address in the supergraph, where others look for it."


def subgraph(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.")],
    host: Host = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help=_PORT, min=0, max=65535)] = None,
    supervised: Supervised = False,
) -> None:
    """One subgraph alone, over its own database."""
    with as_component(supervised):
        if name not in NAMES:
            raise CannotDo(f"There is no subgraph {name}: it is one of {', '.join(NAMES)}.")
        configure_traces(name)
        settings, router_settings = read_settings()
        app = subgraph_component(House(settings, read_component_settings()), name)
        serve_at(app, router_settings, host, own_port(name) if port is None else port, shared=supervised)
