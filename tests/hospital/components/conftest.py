"""A hospital whose subgraphs and router are components of their own, over HTTP, each with nothing but its settings."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from starlette.applications import Starlette

from hospital.components.building import House
from hospital.components.router import router_component
from hospital.components.subgraph import subgraph_component
from hospital.domains import migrate_all
from hospital.folder import DataFolder
from hospital.names import NAMES
from hospital.server import Server
from hospital.settings import read_component_settings, read_settings
from router.server import server_config
from router.settings import RouterSettings
from tests.e2e.hospital import Gate
from tests.hospital.processes import Command


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(capsys, monkeypatch)


def listener() -> socket.socket:
    opened = socket.socket(proto=socket.IPPROTO_TCP)
    opened.bind(("127.0.0.1", 0))
    return opened


@pytest.fixture
def listeners(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, socket.socket]]:
    """A port for each component, and all the settings that name them."""
    folder, callers = DataFolder(tmp_path / "data"), tmp_path / "callers.json"
    assert command("keys", str(callers))[0] == 0
    opened = {name: listener() for name in (*NAMES, "router")}
    monkeypatch.setenv("HOSPITAL_DATA", str(folder.path))
    monkeypatch.setenv("HOSPITAL_CALLERS", str(callers))
    monkeypatch.setenv("HOSPITAL_SECRET_KEY", "a secret of these components")
    for name in NAMES:
        host, port = opened[name].getsockname()
        monkeypatch.setenv(f"HOSPITAL_{name.upper()}_URL", f"http://{host}:{port}")
        monkeypatch.setenv(f"HOSPITAL_{name.upper()}_DATABASE_URL", folder.database_url(name))
    yield opened
    for each in opened.values():
        each.close()


@asynccontextmanager
async def serving(app: Starlette, at: socket.socket) -> AsyncIterator[Server]:
    settings, (host, port) = RouterSettings(), at.getsockname()
    started = asyncio.Event()
    server = Server(server_config(app, settings, host=host, port=port), app.state.drain, started.set)
    running = asyncio.create_task(server.serve(sockets=[at]))
    await started.wait()
    try:
        yield server
    finally:
        if not server.should_exit:  # told once more, it waits for nobody
            server.stop()
        await running


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a hospital in which nothing has happened yet: to be copied."""
    folder = DataFolder(tmp_path_factory.mktemp("migrated") / "data")
    with folder.opened():
        asyncio.run(migrate_all(folder))
    return folder.path


@pytest.fixture
def house(listeners: dict[str, socket.socket], migrated: Path) -> House:
    settings = read_settings()[0]
    shutil.copytree(migrated, settings.data)
    return House(settings, read_component_settings())


@pytest.fixture
async def gate(house: House, listeners: dict[str, socket.socket]) -> AsyncIterator[Gate]:
    """The router's port, with every subgraph behind it."""
    async with AsyncExitStack() as stack:
        servers = []
        for name in NAMES:
            own = House(house.settings, house.components)
            servers.append(await stack.enter_async_context(serving(subgraph_component(own, name), listeners[name])))
        app = router_component(house.settings, house.components, RouterSettings())
        servers.append(await stack.enter_async_context(serving(app, listeners["router"])))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        host, port = listeners["router"].getsockname()
        yield Gate(f"http://{host}:{port}", session)
        for server in servers:
            server.stop()  # all of them at once
