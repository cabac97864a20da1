"""Which processes a hospital on one machine is made of, and how many of each."""

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from hospital.components.settings import ComponentSettings, address_setting
from hospital.components.workers import WORKERS
from hospital.names import NAMES, ROUTER
from hospital.problems import CannotDo
from hospital.supervisor.process import Component
from router.server import bind

SCALED = (ROUTER, *NAMES, *WORKERS)
"""What there may be several of."""

_LOOPBACK, _MOST = "127.0.0.1", 64


@dataclass(frozen=True)
class Addresses:
    """Where the router listens for the public, and each subgraph for its callers."""

    router: tuple[str, int]
    subgraphs: Mapping[str, tuple[str, int]]

    @property
    def settings(self) -> dict[str, str]:
        return {address_setting(name): url_of(*address) for name, address in self.subgraphs.items()}


def scale_of(given: Sequence[str]) -> dict[str, int]:
    """From `NAME=NUMBER` each; one of what is not named. Raises CannotDo."""
    scale = dict.fromkeys(SCALED, 1)
    for each in given:
        name, _, number = each.partition("=")
        if name not in SCALED or not number.isdecimal() or not 1 <= int(number) <= _MOST:
            raise CannotDo(f"--scale {each}: NAME=NUMBER is of {', '.join(SCALED)}, and 1 to {_MOST}.")
        scale[name] = int(number)
    return scale


@contextmanager
def reserved(host: str, port: int, components: ComponentSettings) -> Iterator[Addresses]:
    """Ports that the system gives to nobody else, also while a component starts again. Raises CannotListen."""
    with ExitStack() as stack:
        public = _taken(stack, host, port)
        given = {name: getattr(components, f"{name}_url") for name in NAMES}
        yield Addresses(public, {name: _taken(stack, *_asked(url)) for name, url in given.items()})


def _asked(url: str | None) -> tuple[str, int]:
    parts = urlsplit(url or f"http://{_LOOPBACK}:0")
    return parts.hostname or _LOOPBACK, parts.port if parts.port is not None else 80


def _taken(stack: ExitStack, host: str, port: int) -> tuple[str, int]:
    """Held and never listened at. A port that others share is taken too, though sharing it would be let pass."""
    with bind(host, port) as alone:
        free = alone.getsockname()[1]
    held: socket.socket = stack.enter_context(bind(host, free, shared=True))
    return host, held.getsockname()[1]


def stages(addresses: Addresses, scale: Mapping[str, int]) -> list[list[Component]]:
    """Subgraphs, workers, routers: each stage asks those before it."""
    subgraphs = [
        _component(name, number, scale[name], "subgraph", name, *_at(addresses.subgraphs[name]))
        for name in NAMES
        for number in range(scale[name])
    ]
    workers = [
        _component(name, number, scale[name], "worker", name, "--ordinal", str(number))
        for name in WORKERS
        for number in range(scale[name])
    ]
    routers = [
        _component(ROUTER, number, scale[ROUTER], "router", *_at(addresses.router)) for number in range(scale[ROUTER])
    ]
    return [subgraphs, workers, routers]


def _component(name: str, number: int, of: int, *arguments: str) -> Component:
    own = name if of == 1 else f"{name}.{number + 1}"
    return Component(own, (*arguments, "--supervised"))


def _at(address: tuple[str, int]) -> tuple[str, ...]:
    host, port = address
    return "--host", host, "--port", str(port)


def url_of(host: str, port: int) -> str:
    """Where a listener at that address is reached from this machine."""
    reachable = {"0.0.0.0": _LOOPBACK, "::": "::1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
