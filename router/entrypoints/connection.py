"""One graphql-transport-ws connection, by https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md

    opened --connection_init--> acknowledged --subscribe--> (next)* then complete or error, for each id

Whatever does not belong closes the socket with the code that the protocol has for it.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing, suppress
from enum import IntEnum
from http import HTTPStatus
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from router.auth import Authenticator
from router.context import RequestContext
from router.encoding import encoded
from router.entrypoints.headers import forwarded
from router.entrypoints.parameters import decode_json, graphql_request
from router.errors import ErrorCode, RequestRefused, masked, refused
from router.live import LivePipeline
from router.metrics import SUBSCRIPTIONS
from router.pipeline import Call, GraphQLRequest, Pipeline
from router.settings import RouterSettings
from router.watching import OK, REFUSED, WatchedRequest

PROTOCOL = "graphql-transport-ws"
CLOSE_FRAME_SECONDS = 1.0
MAX_REASON_BYTES = 120


class CloseCode(IntEnum):
    GOING_AWAY = 1001
    ABNORMAL = 1006
    POLICY_VIOLATION = 1008
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_ALREADY_EXISTS = 4409
    TOO_MANY_INITIALISATION_REQUESTS = 4429
    INTERNAL_SERVER_ERROR = 4500


class SocketRefused(Exception):
    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    def __init__(
        self, socket: WebSocket, live: LivePipeline, authenticator: Authenticator, settings: RouterSettings
    ) -> None:
        self._socket = socket
        self._live = live
        self._authenticator = authenticator
        self._settings = settings
        self._context = RequestContext()
        self._initialised = False
        self._acknowledged = False
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._sending = asyncio.Lock()
        self._closing: asyncio.Future[SocketRefused] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Returns when the socket is closed and nothing that it started runs any more."""
        self._close_after(
            self._settings.sockets.init_seconds, CloseCode.INITIALISATION_TIMEOUT, "Connection initialisation timeout"
        )
        self._start(self._read())
        try:
            await self._end(await self._closing)
        finally:
            self._cancel_all()

    def close(self, code: CloseCode, reason: str) -> None:
        """The first reason counts; `run` does the rest."""
        if not self._closing.done():
            self._closing.set_result(SocketRefused(code, reason))

    # ---- what comes in

    async def _read(self) -> None:
        try:
            while True:
                await self._take(await self._receive())
        except SocketRefused as refusal:
            self.close(refusal.code, refusal.reason)
        except (WebSocketDisconnect, WebSocketDisconnected):
            self.close(CloseCode.ABNORMAL, "")
        except Exception as error:
            error_id = masked(error)["extensions"]["errorId"]
            self.close(CloseCode.INTERNAL_SERVER_ERROR, f"Internal server error {error_id}")

    async def _receive(self) -> dict[str, Any]:
        frame = await self._socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame["code"])
        text = frame.get("text")
        if text is None:
            raise SocketRefused(CloseCode.BAD_REQUEST, "Messages are JSON objects in text frames")
        return self._decoded(text)

    def _decoded(self, text: str) -> dict[str, Any]:
        try:
            message = decode_json(text.encode(), self._settings.limits)
        except RequestRefused as refusal:
            raise SocketRefused(CloseCode.BAD_REQUEST, str(refusal)) from None
        if not isinstance(message, dict):
            raise SocketRefused(CloseCode.BAD_REQUEST, "Messages are JSON objects in text frames")
        return message

    async def _take(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "connection_init":
                await self._initialise(payload_of(message))
            case "ping":
                await self._send({**message, "type": "pong"} if payload_of(message) else {"type": "pong"})
            case "pong":
                payload_of(message)
            case "subscribe":
                await self._subscribe(id_of(message), message.get("payload"))
            case "complete":
                self._complete(id_of(message))
            case _:
                raise SocketRefused(CloseCode.BAD_REQUEST, "Unknown or missing message type")

    # ---- from opened to acknowledged

    async def _initialise(self, payload: Mapping[str, Any]) -> None:
        if self._initialised:
            raise SocketRefused(CloseCode.TOO_MANY_INITIALISATION_REQUESTS, "Too many initialisation requests")
        self._initialised = True
        self._cancel_timers()
        self._context = await self._authenticated(authorization_of(payload))
        self._acknowledged = True
        await self._send({"type": "connection_ack"})

    async def _authenticated(self, authorization: list[str]) -> RequestContext:
        headers = forwarded(self._socket.headers, self._settings.taken_headers)
        headers.pop("authorization", None)
        try:
            token = await self._authenticator.authenticate(authorization)
        except RequestRefused as refusal:
            passes = refusal.status is HTTPStatus.SERVICE_UNAVAILABLE
            code = CloseCode.TRY_AGAIN_LATER if passes else CloseCode.FORBIDDEN
            raise SocketRefused(code, str(refusal)) from None
        if token:
            self._close_after(token.expires_at - time.time(), CloseCode.FORBIDDEN, "The access token has ended")
        if authorization and "authorization" in self._settings.taken_headers:
            headers["authorization"] = authorization[-1]
        return RequestContext(headers, token)

    # ---- operations

    async def _subscribe(self, operation_id: str, payload: Any) -> None:
        if not self._acknowledged:
            raise SocketRefused(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first")
        if operation_id in self._operations:
            raise SocketRefused(CloseCode.SUBSCRIBER_ALREADY_EXISTS, f"Subscriber for {operation_id} already exists")
        try:
            request = graphql_request(payload)
        except RequestRefused as refusal:
            raise SocketRefused(CloseCode.BAD_REQUEST, str(refusal)) from None
        if len(self._tasks) > self._settings.limits.socket_operations:
            await self._send({"id": operation_id, "type": "error", "payload": too_many_operations()})
        else:
            self._operations[operation_id] = self._start(self._run_operation(operation_id, request))

    def _complete(self, operation_id: str) -> None:
        if task := self._operations.pop(operation_id, None):
            task.cancel()

    async def _run_operation(self, operation_id: str, request: GraphQLRequest) -> None:
        ending: dict[str, Any] = {"type": "complete"}
        try:
            await self._answer(operation_id, request)
        except RequestRefused as refusal:
            ending = {"type": "error", "payload": refusal.formatted()}
        except Exception as error:
            ending = {"type": "error", "payload": [masked(error)]}
        if self._is_current(operation_id):
            del self._operations[operation_id]
            await self._send({"id": operation_id, **ending})

    def _is_current(self, operation_id: str) -> bool:
        """Not so for an operation that the client has completed and that is slow to end: its id may be another's."""
        return self._operations.get(operation_id) is asyncio.current_task()

    async def _answer(self, operation_id: str, request: GraphQLRequest) -> None:
        pipeline = self._live.current
        with WatchedRequest(self._context.headers) as watched:
            call = await prepared(pipeline, request, self._context, watched)
            if not call.streams:
                response = await pipeline.execute(call, self._context)
                watched.answered(response)
        if call.streams:
            with SUBSCRIPTIONS.track_inprogress():
                await self._stream(operation_id, pipeline.stream(call, self._context))
        else:
            await self._next(operation_id, response)

    async def _stream(self, operation_id: str, events: AsyncGenerator[Mapping[str, Any], None]) -> None:
        async with aclosing(events) as responses:
            async for response in responses:
                await self._next(operation_id, response)
                # Neither a ready event nor a socket with room suspends: others on this loop get their turn here.
                await asyncio.sleep(0)

    async def _next(self, operation_id: str, response: Mapping[str, Any]) -> None:
        if self._is_current(operation_id):
            await self._send({"id": operation_id, "type": "next", "payload": response})

    # ---- what goes out

    async def _send(self, message: Mapping[str, Any]) -> None:
        """Returns when the frame left for the client: who produces events waits for who reads them."""
        async with self._sending:
            if self._closing.done():
                return
            loop, seconds = asyncio.get_running_loop(), self._settings.sockets.send_seconds
            timer = loop.call_later(seconds, self.close, CloseCode.POLICY_VIOLATION, "The client reads too slowly")
            try:
                await self._socket.send_text(encoded(message).decode())
            except (WebSocketDisconnect, WebSocketDisconnected):
                self.close(CloseCode.ABNORMAL, "")
            finally:
                timer.cancel()

    # ---- the end

    def _close_after(self, seconds: float, code: CloseCode, reason: str) -> None:
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(max(0.0, seconds), self.close, code, reason))

    async def _end(self, why: SocketRefused) -> None:
        self._cancel_all()
        if why.code is not CloseCode.ABNORMAL:
            with suppress(TimeoutError, WebSocketDisconnect, WebSocketDisconnected):
                async with asyncio.timeout(CLOSE_FRAME_SECONDS):
                    await self._socket.close(why.code, why.reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore"))
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """The reader and each operation, counted until they have really ended."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _cancel_all(self) -> None:
        self._cancel_timers()
        for task in self._tasks:
            task.cancel()

    def _cancel_timers(self) -> None:
        while self._timers:
            self._timers.pop().cancel()


async def prepared(
    pipeline: Pipeline, request: GraphQLRequest, context: RequestContext, watched: WatchedRequest
) -> Call:
    try:
        call = await pipeline.prepare_aside(request, context)
    except RequestRefused:
        watched.outcome = REFUSED
        raise
    watched.kind, watched.outcome = call.kind.value, OK
    return call


def payload_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    payload = message.get("payload")
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise SocketRefused(CloseCode.BAD_REQUEST, "'payload' is not an object")
    return payload


def too_many_operations() -> list[dict[str, Any]]:
    return refused(
        "Too many operations run on this socket: complete one first.", ErrorCode.TOO_MANY_REQUESTS
    ).formatted()


def id_of(message: Mapping[str, Any]) -> str:
    operation_id = message.get("id")
    if not isinstance(operation_id, str) or not operation_id:
        raise SocketRefused(CloseCode.BAD_REQUEST, "'id' is missing or not a string")
    return operation_id


def authorization_of(payload: Mapping[str, Any]) -> list[str]:
    """However its name is written; a value that is not a string is no token."""
    values = [value for name, value in payload.items() if name.lower() == "authorization" and value is not None]
    return [value if isinstance(value, str) else "" for value in values]
