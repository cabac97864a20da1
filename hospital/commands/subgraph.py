"""The command that runs one subgraph alone."""

from typing import Annotated

import typer

from hospital.commands.components import Host, Port, Supervised, as_component, serve_at
from hospital.components.building import House
from hospital.components.subgraph import subgraph_component
from hospital.names import NAMES
from hospital.problems import CannotDo
from hospital.settings import read_component_settings, read_settings
from hospital.tracing import configure_traces


def subgraph(
    name: Annotated[str, typer.Argument(help="One of the domains.")],
    host: Host = "127.0.0.1",
    port: Port = 0,
    supervised: Supervised = False,
) -> None:
    """One subgraph alone, over its own database."""
    with as_component(supervised):
        if name not in NAMES:
            raise CannotDo(f"There is no subgraph {name}: it is one of {', '.join(NAMES)}.")
        configure_traces(name)
        settings, router_settings = read_settings()
        app = subgraph_component(House(settings, read_component_settings()), name)
        serve_at(app, router_settings, host, port, shared=supervised)
