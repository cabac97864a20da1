"""Where WebSockets come in: who may open one, and how all of them are closed when the router stops."""

import asyncio
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from router.auth import Authenticator
from router.entrypoints.connection import PROTOCOL, CloseCode, Connection
from router.entrypoints.headers import is_trusted_origin
from router.live import LivePipeline
from router.settings import RouterSettings

GOING_AWAY = (CloseCode.GOING_AWAY, "The router stops: connect again")


class GraphQLOverWebSocket:
    def __init__(self, live: LivePipeline, authenticator: Authenticator, settings: RouterSettings) -> None:
        self._live = live
        self._authenticator = authenticator
        self._settings = settings
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        if not is_trusted_origin(socket.headers, self._settings.allowed_origins):
            await socket.close()
        elif self._draining or len(self._open) >= self._settings.limits.sockets:
            await socket.send_denial_response(Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE))
        elif PROTOCOL not in scope["subprotocols"]:
            await socket.accept()
            await socket.close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
        else:
            await socket.accept(PROTOCOL)
            await self._run(Connection(socket, self._live, self._authenticator, self._settings))

    async def drain(self) -> None:
        """Closes every socket with 1001 and waits until what ran on it has ended."""
        self._draining = True
        running = list(self._open.values())
        for connection in self._open:
            connection.close(*GOING_AWAY)
        if running:
            await asyncio.wait(running, timeout=self._settings.drain_seconds)

    async def _run(self, connection: Connection) -> None:
        running = self._open[connection] = asyncio.ensure_future(connection.run())
        if self._draining:
            connection.close(*GOING_AWAY)
        try:
            await running
        finally:
            running.cancel()
            del self._open[connection]
