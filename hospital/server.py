"""Serving the hospital on its port until it is told to stop."""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.applications import Starlette

from hospital.problems import CannotDo
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


def bind(host: str, port: int) -> socket.socket:
    """Takes the port without listening yet. Raises CannotDo, also when it is in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:
        listener.close()
        raise CannotDo(_why_not(error, host, port)) from None
    return listener


def _why_not(error: OSError | UnicodeError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror | UnicodeError) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with --host."
    return f"Port {port} of {host} cannot be taken ({error.strerror}): choose another with --port."


async def serve(
    app: Starlette, settings: RouterSettings, listener: socket.socket, on_start: Callable[[], None]
) -> None:
    host, port = listener.getsockname()[:2]
    server = Server(server_config(app, settings, host=host, port=port), app.state.drain, on_start)
    settle_memory()
    with on_signals(server.stop):
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
