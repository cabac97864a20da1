"""An application that is open to callers with a good signature, and to nobody else."""

import orjson
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from subgraphs.kernel.http import TooLarge, limited_body
from subgraphs.kernel.signatures import HEADER, Asked, Guard, NotSigned


class Guarded:
    """Reads the whole body, at most `maximum_bytes`, before anything of it counts."""

    def __init__(self, app: ASGIApp, guard: Guard, maximum_bytes: int) -> None:
        self._app, self._guard, self._maximum_bytes = app, guard, maximum_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await limited_body(request, self._maximum_bytes)
            self._guard.check(asked(request, request.method, body), request.headers.get(HEADER))
        except TooLarge:
            await _refusal(413, f"The body has more than {self._maximum_bytes} bytes.")(scope, receive, send)
        except NotSigned as error:
            await _refusal(401, f"The request is not signed as it should be: {error}.")(scope, receive, send)
        else:
            await self._app(scope, _again(body, receive), send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The handshake is signed as a GET without a body; what follows comes over the same connection."""
        socket = WebSocket(scope, receive, send)
        try:
            self._guard.check(asked(socket, "GET", b""), socket.headers.get(HEADER))
        except NotSigned:
            await socket.close(1008)
        else:
            await self._app(scope, receive, send)


def asked(connection: HTTPConnection, method: str, body: bytes) -> Asked:
    raw, query = connection.scope["raw_path"].decode("latin-1"), connection.scope["query_string"].decode("latin-1")
    path = f"{raw}?{query}" if query else raw
    return Asked(method, path, body, connection.headers.get("authorization"))


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def _refusal(status: int, message: str) -> Response:
    content = {"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}
    return Response(orjson.dumps(content), status, media_type="application/json")
