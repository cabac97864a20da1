"""The command that runs the router alone."""

from hospital.commands.components import Host, Port, Supervised, as_component, serve_at
from hospital.components.router import router_component
from hospital.names import ROUTER
from hospital.settings import read_component_settings, read_settings
from hospital.tracing import configure_traces


def router(host: Host = "127.0.0.1", port: Port = 8761, supervised: Supervised = False) -> None:
    """The router alone, before subgraphs that are processes of their own."""
    with as_component(supervised):
        configure_traces(ROUTER)
        settings, router_settings = read_settings()
        app = router_component(settings, read_component_settings(), router_settings)
        serve_at(app, router_settings, host, port, shared=supervised)
