"""Serving an application so that it drains before it stops."""

import asyncio
import errno
import resource
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from router.heads import BoundedHttp
from router.settings import RouterSettings

MOST_OPEN_FILES = 65_536


class CannotListen(Exception):
    """The message says why, in a line."""


def bind(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Takes the port without listening yet, any free one for 0. Raises CannotListen, also when it is in use.

    A `shared` port is one for all processes of this user that share it; each connection is for one that listens.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError, UnicodeError) as error:
        listener.close()
        raise CannotListen(_why_not(error, host, port)) from None
    return listener


def _why_not(error: Exception, host: str, port: int) -> str:
    if isinstance(error, OverflowError):
        return f"{port} is no port: choose one up to 65535 with --port."
    if isinstance(error, socket.gaierror | UnicodeError) or getattr(error, "errno", None) == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: choose another with --host."
    return f"Port {port} of {host} cannot be taken ({getattr(error, 'strerror', error)}): choose another with --port."


def address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def allow_open_files() -> None:
    """As many as the system lets this process have: most begin with 1,024, and each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class DrainingServer(uvicorn.Server):
    """Drains first: left to itself, uvicorn would close every WebSocket with 1012 and cut its operations off."""

    def __init__(
        self,
        config: uvicorn.Config,
        drain: Callable[[], Awaitable[None]],
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._drain = drain
        self._on_start = on_start

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        allow_open_files()
        await super().startup(sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await self._drain()
        await super().shutdown(sockets)


def server_config(app: ASGIApp, settings: RouterSettings, *, host: str, port: int) -> uvicorn.Config:
    """The WebSocket implementation is the one whose `send` waits for a slow reader.

    Frames are not compressed: each socket would keep windows of its own in memory.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=cast(type[asyncio.Protocol], partial(BoundedHttp, settings)),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=settings.limits.socket_message_bytes,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=cast(int, settings.keep_alive_seconds),  # parts of a second serve as well
        timeout_graceful_shutdown=settings.drain_seconds,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",
    )
