"""Serving the hospital on its port until it is told to stop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette

from router.memory import settle_memory
from router.server import DrainingServer, server_config
from router.settings import RouterSettings

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(DrainingServer):
    """Leaves the signals to who runs it: uvicorn would raise them again before everything is closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        """Drains; called once more, it waits for nobody."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def serve(
    app: Starlette, settings: RouterSettings, listener: socket.socket, on_start: Callable[[], None]
) -> None:
    """Raises what the application raises as it starts, which uvicorn would write down and keep to itself."""
    host, port = listener.getsockname()[:2]
    config = server_config(app, settings, host=host, port=port)
    config.lifespan = "off"
    server = Server(config, app.state.drain, on_start)
    settle_memory()
    await asyncio.sleep(0)  # an interrupt of what was done so far ends it here, before anything of the server begins
    with on_signals(server.stop):
        async with app.router.lifespan_context(app):
            await server.serve(sockets=[listener])


@contextmanager
def on_signals(react: Callable[[], object]) -> Iterator[None]:
    """Calls `react` at SIGINT and SIGTERM, instead of what was called before."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, react)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
