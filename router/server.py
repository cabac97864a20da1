"""Serving an application so that it drains before it stops."""

import socket
from collections.abc import Awaitable, Callable

import uvicorn
from starlette.types import ASGIApp

from router.settings import RouterSettings


class DrainingServer(uvicorn.Server):
    """Drains first: left to itself, uvicorn would close every WebSocket with 1012 and cut its operations off."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._drain = drain

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
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=settings.limits.socket_message_bytes,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=settings.drain_seconds,
        server_header=False,
        access_log=False,
        log_level="warning",
    )
